#!/usr/bin/perl
# sender.pl HOST PORT CA-FILE LOGIN [RECIPIENT]: sends one message by Net::SMTP with Cyrus SASL, as scripts
# do. Where CA-FILE is empty, the system's authorities are trusted.
use strict;
use warnings;
use Authen::SASL qw(Cyrus);
use Net::SMTP;

my ($host, $port, $ca_file, $login, $recipient) = @ARGV;
$recipient //= 'recipient@fabrikam.com';
my $smtp = Net::SMTP->new($host, Port => $port, Timeout => 30) or die "no connection to $host\n";
$smtp->starttls($ca_file ? (SSL_ca_file => $ca_file) : ()) or die "no TLS: " . $smtp->message;
my $sasl = Authen::SASL->new(mechanism => 'XOAUTH2',
	callback => {user => $login, authname => $login, pass => 'placeholder'});

# The server's reply, or, where it was not asked, why.
sub reply { $smtp->code . ' ' . $smtp->message }
$smtp->auth($sasl) or die 'no login: ' . ($smtp->code >= 400 ? reply() : $sasl->error . "\n");
$smtp->mail($login) && $smtp->to($recipient) &&
	$smtp->data("From: $login\nSubject: by perl\n\nA test.\n") or die 'not sent: ' . reply();
$smtp->quit;
