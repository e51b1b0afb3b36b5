# shellcheck shell=bash
# get_postfix: a Postfix to run privately, without changing what the machine does with its mail.
#
# postfix_get BUILD sets
#   postfix_root    "" for an installed Postfix, else the directory a package was unpacked in
#   postfix_owner   the account that its daemons use, postfix_group that account's main group,
#   postfix_setgid  the group of its queue
#   postfix_how     one sentence for the reader
#
# An installed Postfix is used. Where no mail server is installed, Postfix gets installed, unconfigured
# ("No configuration"), so that it starts neither now nor at the next boot. Where another mail
# server is, it stays: Postfix's package is unpacked below BUILD and runs from there.

postfix_root='' postfix_owner=postfix postfix_group=postfix postfix_setgid=postdrop postfix_how=''

package_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2> /dev/null)" = installed ]
}

# The packages of this machine that deliver its mail, or are set up to.
other_mail_server() {
  # shellcheck disable=SC2016  # fields of dpkg-query
  dpkg-query -W -f '${db:Status-Status} ${Package} ${Provides}\n' 2> /dev/null |
    awk '$1 == "installed" && / mail-transport-agent/ {print $2; exit}'
}

# with_no_services COMMAND... : nothing that apt installs may start; a policy that is there stays, but for one that
# this, or ./bootstrap, had to leave behind.
with_no_services() {
  local policy=/usr/sbin/policy-rc.d mark="# sasl-entra's, while it installs packages" ours=no status=0
  if [ ! -e $policy ] || grep -qxF "$mark" $policy; then
    printf '#!/bin/sh\n%s\nexit 101\n' "$mark" > $policy
    chmod 755 $policy
    ours=yes
  fi
  "$@" || status=$?
  if [ $ours = yes ]; then rm -f $policy; fi
  return $status
}

apt_quietly() {
  DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=3 "$@" > /dev/null
}

postfix_install() {
  echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
  with_no_services apt_quietly install -y --no-install-recommends postfix || return 1
  postfix_how="Postfix was not installed and is now, unconfigured and not started."
}

# The libraries that the package's programs need and that are not there.
postfix_missing_libraries() {
  local package
  dpkg-deb -f "$1" Depends | tr ',' '\n' | sed 's/^ *//; s/ .*//' | grep '^lib' |
    while read -r package; do package_installed "$package" || echo "$package"; done
}

postfix_unpack() {
  local directory=$1/postfix package missing
  if [ ! -x "$directory/usr/sbin/postfix" ]; then
    rm -rf "$directory"
    mkdir -p "$directory"
    (cd "$directory" && apt_quietly download postfix 2> /dev/null) || return 1
    package=$(echo "$directory"/postfix_*.deb)
    mapfile -t missing < <(postfix_missing_libraries "$package")
    if [ ${#missing[@]} -gt 0 ]; then
      with_no_services apt_quietly install -y --no-install-recommends "${missing[@]}" || return 1
    fi
    dpkg-deb -x "$package" "$directory" || return 1
  fi
  postfix_root=$directory
}

# Postfix insists on an account and a group that nothing else of it uses. Where its own are missing
# (they come with an installed package), two of Debian's that nothing runs as serve as well.
postfix_accounts() {
  getent passwd postfix > /dev/null || postfix_owner=news
  getent group postdrop > /dev/null || postfix_setgid=games
  getent passwd $postfix_owner > /dev/null && getent group $postfix_setgid > /dev/null || {
    echo "there is no account for Postfix: neither postfix nor news, postdrop nor games"
    return 1
  }
  postfix_group=$(id -gn $postfix_owner)
}

postfix_get() {
  local other
  if command -v postfix > /dev/null && [ -x /usr/sbin/postdrop ]; then
    postfix_how="Postfix is installed; its own configuration and queue are not touched."
    postfix_accounts
    return
  fi
  command -v apt-get > /dev/null || { echo "Postfix is not installed"; return 1; }
  other=$(other_mail_server)
  if [ -z "$other" ]; then
    postfix_install || { echo "apt-get could not install postfix"; return 1; }
  else
    postfix_unpack "$1" || { echo "could not get and unpack the package postfix"; return 1; }
    postfix_how="$other is this machine's mail server and stays; Postfix runs unpacked."
  fi
  postfix_accounts || return
  if [ "$postfix_owner" != postfix ]; then
    postfix_how="$postfix_how It uses the account $postfix_owner, as there is no postfix."
  fi
}
