# fish completion of sasl-entra, made by: sasl-entra completion fish

function __sasl_entra_arguments -d 'the verb and its arguments so far, without options'
    set -l wanted
    set -l words
    set -l takes_value 'login --port' 'login --timeout' 'token --format' 'token --server' 'token --service' 'certificate --days' 'reseal --old-key-file'
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
complete -c sasl-entra -n '__sasl_entra_at status' -l watch -d 'draw it again every 2 or that many seconds'

complete -c sasl-entra -n '__sasl_entra_at ""' -a check -d 'Judges the configuration and its files, without the network.'
complete -c sasl-entra -n '__sasl_entra_at check' -l json -d 'print a JSON object'

complete -c sasl-entra -n '__sasl_entra_at ""' -a doctor -d 'Looks at everything between a mail program and Exchange, and says what to do.'
complete -c sasl-entra -n '__sasl_entra_at doctor 0' -a '(__sasl_entra_names)'
complete -c sasl-entra -n '__sasl_entra_at doctor' -l postfix -f -a '(__fish_complete_directories)' -d 'look at Postfix, too, or at the one with that configuration'
complete -c sasl-entra -n '__sasl_entra_at doctor' -l offline -d 'ask nothing outside this machine'
complete -c sasl-entra -n '__sasl_entra_at doctor' -l json -d 'print a JSON object'

complete -c sasl-entra -n '__sasl_entra_at ""' -a send -d 'Not there yet.'

complete -c sasl-entra -n '__sasl_entra_at ""' -a explain -d 'Not there yet.'

complete -c sasl-entra -n '__sasl_entra_at ""' -a config -d 'Shows the configuration that is in effect, and where each value comes from.'
complete -c sasl-entra -n '__sasl_entra_at config 0' -a '(__sasl_entra_names)'
complete -c sasl-entra -n '__sasl_entra_at config' -l json -d 'print a JSON object'
complete -c sasl-entra -n '__sasl_entra_at config' -l names -d 'only what NAME may be, a line each'

complete -c sasl-entra -n '__sasl_entra_at ""' -a setup -d 'Not there yet.'

complete -c sasl-entra -n '__sasl_entra_at ""' -a import -d 'Keeps the refresh token that comes on stdin as the sign-in of NAME.'
complete -c sasl-entra -n '__sasl_entra_at import 0' -a 'token'
complete -c sasl-entra -n '__sasl_entra_at import 1' -a '(__sasl_entra_names)'
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
