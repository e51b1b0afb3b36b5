/*
 * Microsoft's client for Node.js, for one sign-in. The job comes as JSON on stdin; what a person would
 * have to see is printed, a line of JSON each; the last line is how it ended.
 */
"use strict";

const msal = require("@azure/msal-node");

function say(members) {
  process.stdout.write(JSON.stringify(members) + "\n");
}

function makeClient(job) {
  const auth = { clientId: job.client_id, authority: job.authority,
    knownAuthorities: [new URL(job.authority).host] };
  if (job.secret) auth.clientSecret = job.secret;
  if (job.certificate)
    auth.clientCertificate = { thumbprintSha256: job.certificate.sha256, privateKey: job.certificate.key };
  return auth.clientSecret || auth.clientCertificate ? new msal.ConfidentialClientApplication({ auth })
    : new msal.PublicClientApplication({ auth });
}

const flows = {
  app: (client, job) => client.acquireTokenByClientCredential({ scopes: job.scopes }),
  refresh: (client, job) =>
    client.acquireTokenByRefreshToken({ scopes: job.scopes, refreshToken: job.refresh_token }),
  device: (client, job) => client.acquireTokenByDeviceCode({ scopes: job.scopes,
    deviceCodeCallback: (code) => say({ user_code: code.userCode }) }),
  code: (client, job) => client.acquireTokenInteractive({ scopes: job.scopes, loginHint: job.login_hint,
    openBrowser: async (url) => say({ url }) }),
};

async function main() {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const job = JSON.parse(Buffer.concat(chunks));
  const result = await flows[job.flow](makeClient(job), job);
  say({ ok: Boolean(result && result.accessToken) });
}

main().catch((error) => {
  say({ ok: false, error: String(error.message || error) });
  process.exitCode = 1;
});
