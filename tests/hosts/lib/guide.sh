# shellcheck shell=bash
# guide: what doc/guide tells a reader to write, run as it stands but for the names of the servers.

# guide_block PAGE INFO : the block of the page that begins with ```INFO, without its indentation.
guide_block() {
  awk -v mark="\`\`\`$2" '
    inside && $1 == "```" {found = 1; exit}
    inside {print substr($0, indent)}
    $0 ~ "^ *```" && $1 == mark {inside = 1; indent = index($0, "`")}
    END {exit !found}' "$top_srcdir/doc/guide/$1" || bail "doc/guide/$1 has no block $2"
}

# Exchange Online becomes the servers of the test: the submission server and Dovecot.
guide_here() {
  sed -e "s/smtp\.office365\.com\(\]*\):587/localhost\1:${submission_port[exchange]-0}/g" \
    -e "s/outlook\.office365\.com:993/localhost:$dovecot_imaps_port/g" \
    -e "s/^\( *\)[Pp]ort 993/\1Port $dovecot_imaps_port/" \
    -e "s/^port 587/port ${submission_port[exchange]-0}/" \
    -e 's/\(smtp\|outlook\)\.office365\.com/localhost/g'
}
