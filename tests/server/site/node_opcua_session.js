// A session of another implementation's client, as a user over an encrypted channel.
const ua = require("node-opcua-client");

// A busy machine may take its time over any answer. [ms]
const PATIENCE = 600000;
const PATIENT = { transportTimeout: PATIENCE, defaultTransactionTimeout: PATIENCE, requestedSessionTimeout: PATIENCE };

async function open(url, user, password, options = {}) {
  const client = ua.OPCUAClient.create({
    securityMode: ua.MessageSecurityMode.SignAndEncrypt,
    securityPolicy: ua.SecurityPolicy.Aes256_Sha256_RsaPss,
    endpointMustExist: false,
    connectionStrategy: { maxRetry: 0 },
    ...PATIENT,
    ...options,
  });
  await client.connect(url);
  const identity = { type: ua.UserTokenType.UserName, userName: user, password };
  const session = await client.createSession(identity);
  const site = (await session.readNamespaceArray()).findIndex((uri) => uri.startsWith("urn:heatpump-twin:site"));
  return { client, identity, session, site };
}

module.exports = { open };
