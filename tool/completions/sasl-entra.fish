# fish completion of sasl-entra, made by: sasl-entra completion fish

function __sasl_entra_arguments -d 'the verb and its arguments so far, without options'
    set -l wanted
    set -l words
    set -l takes_value 'login --port' 'login --timeout' 'token --format' 'token --server' 'token --service' 'doctor --server' 'doctor --imap-server' 'send --to' 'send --from' 'send --subject' 'send --server' 'explain --for' 'explain --format' 'setup --label' 'setup --tenant' 'setup --client-id' 'setup --sign-in' 'setup --credential' 'setup --match' 'setup --identity' 'setup --services' 'setup --servers' 'setup --allow' 'setup --cloud' 'setup --authority' 'setup --proxy' 'setup --ca-file' 'setup --certificate' 'setup --private-key' 'setup --client-secret-file' 'setup --federated-token-file' 'setup --managed-identity-id' 'setup --login' 'setup --relay' 'setup --relays' 'import --conf' 'import --decrypt' 'certificate --days' 'reseal --old-key-file'
    for word in (commandline -opc)[2..-1]
        if set -q wanted[1]
            set wanted
        else if string match -q -- '-*' $word
            if test $word = --config; or contains -- "$words[1] $word" $takes_value
                set wanted yes
            end
        else
            set -a words $word
        end
    end
    printf '%s\n' $words
end

function __sasl_entra_at -a verb count -d 'whether the verb is there, with so many arguments'
    set -l words (__sasl_entra_arguments)
    test "$words[1]" = "$verb"; or return
    test -z "$count"; or test (count $words) = (math 1 + $count)
end

function __sasl_entra_names -d 'login names and labels'
    set -l words (commandline -opc)
    set -l config
    if set -l at (contains -i -- --config $words); and set -q words[(math $at + 1)]
        set config --config $words[(math $at + 1)]
    else if set -l at (string match -- '--config=*' $words)
        set config $at[1]
    end
    sasl-entra $config config --names 2>/dev/null
end

complete -c sasl-entra -f
complete -c sasl-entra -l config -r -F -d 'use this configuration'
complete -c sasl-entra -l help -d 'print the usage'
complete -c sasl-entra -n '__sasl_entra_at ""' -l version -d 'print the version'

complete -c sasl-entra -n '__sasl_entra_at ""' -a login -d 'Signs a person in, with a browser here, one elsewhere, or a code.'
complete -c sasl-entra -n '__sasl_entra_at login 0' -a '(__sasl_entra_names)'
complete -c sasl-entra -n '__sasl_entra_at login' -l paste -d 'the browser may run anywhere; its last address is pasted here'
complete -c sasl-entra -n '__sasl_entra_at login' -l device -d 'show a code that is entered on any device'
complete -c sasl-entra -n '__sasl_entra_at login' -l port -x -d 'wait for the browser at this port of loopback'
complete -c sasl-entra -n '__sasl_entra_at login' -l no-browser -d 'open no browser, only print the address'
complete -c sasl-entra -n '__sasl_entra_at login' -l timeout -x -d 'give up after that time, at most 3600'
complete -c sasl-entra -n '__sasl_entra_at login' -l json -d 'print one JSON object a line'

complete -c sasl-entra -n '__sasl_entra_at ""' -a logout -d 'Forgets a person\'s sign-in, or the token of an app.'
complete -c sasl-entra -n '__sasl_entra_at logout 0' -a '(__sasl_entra_names)'
complete -c sasl-entra -n '__sasl_entra_at logout' -l yes -d 'do not ask'
complete -c sasl-entra -n '__sasl_entra_at logout' -l json -d 'print a JSON object'

complete -c sasl-entra -n '__sasl_entra_at ""' -a token -d 'Prints an access token, or the SASL initial response made of it.'
complete -c sasl-entra -n '__sasl_entra_at token 0' -a '(__sasl_entra_names)'
complete -c sasl-entra -n '__sasl_entra_at token' -l format -x -a 'raw xoauth2 oauthbearer json' -d 'what is printed: the token (raw), a SASL initial response, or JSON'
complete -c sasl-entra -n '__sasl_entra_at token' -l server -x -d 'the server that will get it'
complete -c sasl-entra -n '__sasl_entra_at token' -l service -x -a 'smtp imap pop sieve' -d 'what it is for; default smtp'

complete -c sasl-entra -n '__sasl_entra_at ""' -a refresh -d 'Forgets remembered errors and gets a new token, whatever the old one has left.'
complete -c sasl-entra -n '__sasl_entra_at refresh 0' -a '(__sasl_entra_names)'
complete -c sasl-entra -n '__sasl_entra_at refresh' -l all -d 'every account'
complete -c sasl-entra -n '__sasl_entra_at refresh' -l json -d 'print a JSON object'

complete -c sasl-entra -n '__sasl_entra_at ""' -a status -d 'Shows how the accounts are, and what needs a person, without the network.'
complete -c sasl-entra -n '__sasl_entra_at status 0' -a '(__sasl_entra_names)'
complete -c sasl-entra -n '__sasl_entra_at status' -l json -d 'print a JSON object'
complete -c sasl-entra -n '__sasl_entra_at status' -l prometheus -d 'print Prometheus\' text format'
complete -c sasl-entra -n '__sasl_entra_at status' -l agent -d 'fail where no agent answers'
complete -c sasl-entra -n '__sasl_entra_at status' -l watch -d 'draw it again every 2 or that many seconds'

complete -c sasl-entra -n '__sasl_entra_at ""' -a check -d 'Judges the configuration and its files, without the network.'
complete -c sasl-entra -n '__sasl_entra_at check' -l json -d 'print a JSON object'

complete -c sasl-entra -n '__sasl_entra_at ""' -a doctor -d 'Looks at everything between a mail program and Exchange, and says what to do.'
complete -c sasl-entra -n '__sasl_entra_at doctor 0' -a '(__sasl_entra_names)'
complete -c sasl-entra -n '__sasl_entra_at doctor' -l postfix -f -a '(__fish_complete_directories)' -d 'look at Postfix, too, or at the one with that configuration'
complete -c sasl-entra -n '__sasl_entra_at doctor' -l offline -d 'ask nothing outside this machine'
complete -c sasl-entra -n '__sasl_entra_at doctor' -l server -x -d 'the submission server to log in at'
complete -c sasl-entra -n '__sasl_entra_at doctor' -l imap-server -x -d 'the IMAP server to log in at'
complete -c sasl-entra -n '__sasl_entra_at doctor' -l json -d 'print a JSON object'

complete -c sasl-entra -n '__sasl_entra_at ""' -a send -d 'Sends a test message, and says what the server made of it.'
complete -c sasl-entra -n '__sasl_entra_at send 0' -a '(__sasl_entra_names)'
complete -c sasl-entra -n '__sasl_entra_at send' -l to -x -d 'who gets it'
complete -c sasl-entra -n '__sasl_entra_at send' -l from -x -d 'whom it is from; default the SASL user'
complete -c sasl-entra -n '__sasl_entra_at send' -l subject -x -d 'its subject'
complete -c sasl-entra -n '__sasl_entra_at send' -l server -x -d 'the submission server; default the account\'s'
complete -c sasl-entra -n '__sasl_entra_at send' -l json -d 'print a JSON object'

complete -c sasl-entra -n '__sasl_entra_at ""' -a explain -d 'Says what an error number, a server\'s reply or a line of a log means, and what to do.'
complete -c sasl-entra -n '__sasl_entra_at explain' -l for -x -d 'put in the values of the account that serves NAME'
complete -c sasl-entra -n '__sasl_entra_at explain' -l all -d 'print everything that is known'
complete -c sasl-entra -n '__sasl_entra_at explain' -l format -x -a 'text markdown' -d 'for a person (text, the default) or for a page'
complete -c sasl-entra -n '__sasl_entra_at explain' -l json -d 'print a JSON object'

complete -c sasl-entra -n '__sasl_entra_at ""' -a config -d 'Shows the configuration that is in effect, and where each value comes from.'
complete -c sasl-entra -n '__sasl_entra_at config 0' -a '(__sasl_entra_names)'
complete -c sasl-entra -n '__sasl_entra_at config' -l json -d 'print a JSON object'
complete -c sasl-entra -n '__sasl_entra_at config' -l names -d 'only what NAME may be, a line each'

complete -c sasl-entra -n '__sasl_entra_at ""' -a setup -d 'Sets up an account, or with --postfix a Postfix: asks, shows, writes, and says what is to be done next.'
complete -c sasl-entra -n '__sasl_entra_at setup 0' -a '(__sasl_entra_names)'
complete -c sasl-entra -n '__sasl_entra_at setup' -l label -x -d 'the account to make or change; default relay'
complete -c sasl-entra -n '__sasl_entra_at setup' -l tenant -x -d 'a domain name of it, or its id'
complete -c sasl-entra -n '__sasl_entra_at setup' -l client-id -x -d 'the app registration\'s'
complete -c sasl-entra -n '__sasl_entra_at setup' -l sign-in -x -a 'app user' -d 'app: the app itself; user: a person'
complete -c sasl-entra -n '__sasl_entra_at setup' -l credential -x -a 'certificate secret federated managed-identity none' -d 'what the app proves itself with; default certificate'
complete -c sasl-entra -n '__sasl_entra_at setup' -l match -x -d 'login names it serves; may be repeated'
complete -c sasl-entra -n '__sasl_entra_at setup' -l identity -x -d 'user: whose sign-in is used'
complete -c sasl-entra -n '__sasl_entra_at setup' -l services -x -d 'what one sign-in asks for'
complete -c sasl-entra -n '__sasl_entra_at setup' -l servers -x -d 'who may be given the token'
complete -c sasl-entra -n '__sasl_entra_at setup' -l allow -x -d 'users and @groups that may use it'
complete -c sasl-entra -n '__sasl_entra_at setup' -l cloud -x -a 'global gcc-high dod china' -d 'where the tenant is; default: looked up'
complete -c sasl-entra -n '__sasl_entra_at setup' -l authority -x -d 'another sign-in service'
complete -c sasl-entra -n '__sasl_entra_at setup' -l proxy -x -d 'the way out'
complete -c sasl-entra -n '__sasl_entra_at setup' -l ca-file -r -F -d 'certificate authorities'
complete -c sasl-entra -n '__sasl_entra_at setup' -l certificate -r -F -d 'its file; default LABEL.pem beside the configuration'
complete -c sasl-entra -n '__sasl_entra_at setup' -l private-key -r -F -d 'a file of its own, or pkcs11:...'
complete -c sasl-entra -n '__sasl_entra_at setup' -l client-secret-file -r -F -d 'default LABEL.secret beside the configuration'
complete -c sasl-entra -n '__sasl_entra_at setup' -l secret-stdin -d 'the secret comes on standard input'
complete -c sasl-entra -n '__sasl_entra_at setup' -l federated-token-file -r -F -d 'or env, or managed-identity'
complete -c sasl-entra -n '__sasl_entra_at setup' -l managed-identity-id -x -d 'system, client_id:GUID, object_id:GUID, ...'
complete -c sasl-entra -n '__sasl_entra_at setup' -l non-interactive -d 'ask nothing'
complete -c sasl-entra -n '__sasl_entra_at setup' -l yes -d 'write without asking'
complete -c sasl-entra -n '__sasl_entra_at setup' -l dry-run -d 'show what would be done'
complete -c sasl-entra -n '__sasl_entra_at setup' -l no-doctor -d 'do not look at everything afterwards'
complete -c sasl-entra -n '__sasl_entra_at setup' -l detailed-exit-code -d '10 where something was changed'
complete -c sasl-entra -n '__sasl_entra_at setup' -l json -d 'print a JSON object; no doctor'
complete -c sasl-entra -n '__sasl_entra_at setup' -l postfix -f -a '(__fish_complete_directories)' -d 'set up Postfix'
complete -c sasl-entra -n '__sasl_entra_at setup' -l login -x -d 'Postfix: the mailbox that sends'
complete -c sasl-entra -n '__sasl_entra_at setup' -l relay -x -d 'Postfix: the server, as [HOST]:PORT'
complete -c sasl-entra -n '__sasl_entra_at setup' -l relays -x -d 'Postfix: so many share the mailbox'
complete -c sasl-entra -n '__sasl_entra_at setup' -l rate-delay -d 'Postfix: 30 messages a minute'
complete -c sasl-entra -n '__sasl_entra_at setup' -l apply -d 'Postfix: change it without a question'
complete -c sasl-entra -n '__sasl_entra_at setup' -l undo -d 'Postfix: put back what was there'

complete -c sasl-entra -n '__sasl_entra_at ""' -a import -d 'Takes over a sign-in that was made elsewhere, or all of sasl-xoauth2.'
complete -c sasl-entra -n '__sasl_entra_at import 0' -a 'token sasl-xoauth2 mutt_oauth2'
complete -c sasl-entra -n '__sasl_entra_at import 1' -a '(__sasl_entra_names)'
complete -c sasl-entra -n '__sasl_entra_at import' -l apply -d 'sasl-xoauth2: do what is planned'
complete -c sasl-entra -n '__sasl_entra_at import' -l undo -d 'sasl-xoauth2: put everything back'
complete -c sasl-entra -n '__sasl_entra_at import' -l replace -d 'also what is kept or was changed'
complete -c sasl-entra -n '__sasl_entra_at import' -l postfix -f -a '(__fish_complete_directories)' -d 'sasl-xoauth2: of this Postfix'
complete -c sasl-entra -n '__sasl_entra_at import' -l conf -r -F -d 'sasl-xoauth2: its configuration'
complete -c sasl-entra -n '__sasl_entra_at import' -l decrypt -x -d 'mutt_oauth2: instead of gpg --decrypt'
complete -c sasl-entra -n '__sasl_entra_at import' -l json -d 'print a JSON object'

complete -c sasl-entra -n '__sasl_entra_at ""' -a certificate -d 'Makes a new certificate for NAME, tries it, puts it in the old one\'s place, or puts the old one back.'
complete -c sasl-entra -n '__sasl_entra_at certificate 0' -a 'new try activate rollback'
complete -c sasl-entra -n '__sasl_entra_at certificate 1' -a '(__sasl_entra_names)'
complete -c sasl-entra -n '__sasl_entra_at certificate' -l days -x -d 'new: how long it is good, at most 3650; default 730'
complete -c sasl-entra -n '__sasl_entra_at certificate' -l json -d 'print a JSON object'

complete -c sasl-entra -n '__sasl_entra_at ""' -a reseal -d 'Seals all that is kept on the disk with the key that is configured now.'
complete -c sasl-entra -n '__sasl_entra_at reseal' -l plain -d 'unseal: state_key_file is configured no more'
complete -c sasl-entra -n '__sasl_entra_at reseal' -l old-key-file -r -F -d 'a key that is not in state_key_file any more'
complete -c sasl-entra -n '__sasl_entra_at reseal' -l json -d 'print a JSON object'

complete -c sasl-entra -n '__sasl_entra_at ""' -a completion -d 'Prints the script that makes a shell complete this tool\'s command line.'
complete -c sasl-entra -n '__sasl_entra_at completion 0' -a 'bash zsh fish'
