// Another implementation's client: names, values and an alarm in German, then in Spanish.
const ua = require("node-opcua-client");
const [url, user, password] = process.argv.slice(2);

async function texts(session, site) {
  const id = (name) => `ns=${site};s=${name}`;
  const read = async (nodeId, attributeId) => (await session.read({ nodeId, attributeId })).value.value;
  const name = await read(id("hp1.supply_temperature"), ua.AttributeIds.DisplayName);
  const browsed = await session.browse(id("hp1.ParameterSet"));
  const states = await read(id("hp1.operating_state.EnumValues"), ua.AttributeIds.Value);
  const [argument] = await read(id("hp1.SetSupplySetpoint.InputArguments"), ua.AttributeIds.Value);
  const subscription = await session.createSubscription2({ requestedPublishingInterval: 100, publishingEnabled: true });
  const item = await subscription.monitor(
    { nodeId: "i=2253", attributeId: ua.AttributeIds.EventNotifier },
    { filter: ua.constructEventFilter(["Message", "ActiveState", "ActiveState.Id"]), queueSize: 10 },
    ua.TimestampsToReturn.Both);
  const heard = new Promise((resolve) => item.on("changed", (fields) => fields[2].value && resolve(fields)));
  await session.call({
    objectId: "i=2782",
    methodId: "i=3875",
    inputArguments: [{ dataType: ua.DataType.UInt32, value: subscription.subscriptionId }],
  });
  const alarm = await heard;
  await subscription.terminate();
  return {
    name: name.text,
    locale: name.locale,
    browsed: browsed.references.find((r) => r.browseName.name === "SupplyTemperature").displayName.text,
    state: states.find((state) => state.value[1] === 5).displayName.text,
    argument: argument.description.text,
    message: alarm[0].value.text,
    active: alarm[1].value.text,
  };
}

async function main() {
  const client = ua.OPCUAClient.create({
    securityMode: ua.MessageSecurityMode.SignAndEncrypt,
    securityPolicy: ua.SecurityPolicy.Aes256_Sha256_RsaPss,
    endpointMustExist: false,
    connectionStrategy: { maxRetry: 0 },
    localeIds: ["de-AT", "en"],
  });
  await client.connect(url);
  const identity = { type: ua.UserTokenType.UserName, userName: user, password };
  const session = await client.createSession(identity);
  const site = (await session.readNamespaceArray()).indexOf("urn:heatpump-twin:site");
  const first = await texts(session, site);
  client.localeIds = ["es"];
  const again = await client.changeSessionIdentity(session, identity);
  const second = await texts(session, site);
  console.log("RESULT " + JSON.stringify({ first, again: again.name, second }));
  await session.close();
  await client.disconnect();
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
