#!/usr/bin/perl
# sender.pl HOST PORT CA-FILE LOGIN: sends one message by Net::SMTP with Cyrus SASL, as scripts do.
use strict;
use warnings;
use Authen::SASL qw(Cyrus);
use Net::SMTP;

my ($host, $port, $ca_file, $login) = @ARGV;
my $smtp = Net::SMTP->new($host, Port => $port, Timeout => 30) or die "no connection to $host\n";
$smtp->starttls(SSL_ca_file => $ca_file) or die "no TLS: " . $smtp->message;
my $sasl = Authen::SASL->new(mechanism => 'XOAUTH2',
	callback => {user => $login, authname => $login, pass => 'placeholder'});
$smtp->auth($sasl) or die 'no login: ' . $smtp->message . ' ' . ($sasl->error // '') . "\n";
$smtp->mail($login) && $smtp->to('recipient@fabrikam.com') &&
	$smtp->data("From: $login\nSubject: by perl\n\nA test.\n") or die 'not sent: ' . $smtp->message;
$smtp->quit;
