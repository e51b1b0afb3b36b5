/*
 * kde_driver: logs in with XOAUTH2 by the libraries that KMail sends and fetches mail with.
 *
 *   kde_driver smtp|imap HOST PORT LOGIN CA-FILE [TIMES]
 *
 * Both are with STARTTLS; SMTP sends a message to recipient@fabrikam.com. (With TLS from the first byte
 * KIMAP 22.12 never begins it where the connection is there before the job is queued.) TIMES: so many
 * logins, one after the other, in this process. Each prints a line: "ok", or "failed: " and the job's error
 * text. Exit status: 0 when all went well.
 */
#include <QCoreApplication>
#include <QEventLoop>
#include <QSslConfiguration>

#include <cstdio>

#include <kimap/loginjob.h>
#include <kimap/logoutjob.h>
#include <kimap/session.h>
#include <ksmtp/loginjob.h>
#include <ksmtp/sendjob.h>
#include <ksmtp/session.h>

namespace
{
struct Account {
	QString host;
	quint16 port;
	QString login;
};

/* KMail wants some password; the plugin has no use for it. */
const QString password = QStringLiteral("placeholder");

bool
report(const QString &error)
{
	if (error.isEmpty())
		std::puts("ok");
	else
		std::printf("failed: %s\n", error.toUtf8().constData());
	std::fflush(stdout);
	return error.isEmpty();
}

/* Some jobs (KIMAP's, for a malformed reply) end with a text and without an error. */
QString
run(KJob *job)
{
	const bool good = job->exec();

	if (good || !job->errorText().isEmpty())
		return job->errorText();
	return QStringLiteral("(no text)");
}

/* Until the server has greeted, or never will. */
QString
connectTo(KSmtp::Session &session)
{
	QEventLoop loop;
	QString error;

	QObject::connect(
		&session, &KSmtp::Session::connectionError, &loop,
		[&](const QString &text) { error = text; });
	QObject::connect(
		&session, &KSmtp::Session::stateChanged, &loop, [&](KSmtp::Session::State state) {
			if (state == KSmtp::Session::NotAuthenticated ||
				state == KSmtp::Session::Disconnected)
				loop.quit();
		});
	session.setEncryptionMode(KSmtp::Session::STARTTLS);
	session.open();
	loop.exec();
	if (error.isEmpty() && session.state() != KSmtp::Session::NotAuthenticated)
		error = QStringLiteral("no connection");
	return error;
}

QString
sendBySmtp(const Account &account)
{
	KSmtp::Session session(account.host, account.port);
	QString error = connectTo(session);

	if (!error.isEmpty())
		return error;
	auto login = new KSmtp::LoginJob(&session);
	login->setUserName(account.login);
	login->setPassword(password);
	login->setPreferedAuthMode(KSmtp::LoginJob::XOAuth2);
	error = run(login);
	if (!error.isEmpty())
		return error;
	auto send = new KSmtp::SendJob(&session);
	send->setFrom(account.login);
	send->setTo({QStringLiteral("recipient@fabrikam.com")});
	send->setData(
		"From: " + account.login.toUtf8() + "\r\nSubject: by KSMTP\r\n\r\nA test.\r\n");
	return run(send);
}

QString
logInByImap(const Account &account)
{
	KIMAP::Session session(account.host, account.port);
	auto login = new KIMAP::LoginJob(&session);

	login->setUserName(account.login);
	login->setPassword(password);
	login->setEncryptionMode(KIMAP::LoginJob::STARTTLS);
	login->setAuthenticationMode(KIMAP::LoginJob::XOAuth2);
	const QString error = run(login);
	return error.isEmpty() ? run(new KIMAP::LogoutJob(&session)) : error;
}
} // namespace

int
main(int argc, char **argv)
{
	QCoreApplication application(argc, argv);
	const QStringList arguments = application.arguments();

	if (arguments.size() < 6)
		return 2;
	QSslConfiguration tls = QSslConfiguration::defaultConfiguration();
	tls.setCaCertificates(QSslCertificate::fromPath(arguments[5]));
	QSslConfiguration::setDefaultConfiguration(tls);

	const Account account{arguments[2], arguments[3].toUShort(), arguments[4]};
	bool good = true;
	for (int left = arguments.value(6, QStringLiteral("1")).toInt(); left > 0; left--)
		good = report(arguments[1] == QLatin1String("smtp") ? sendBySmtp(account)
								    : logInByImap(account)) &&
		       good;
	return good ? 0 : 1;
}
