// Another implementation's client with the variables of a condition: browses, translates, reads,
// monitors, acknowledges. It prints LISTENING when the alarm may become active.
const ua = require("node-opcua-client");
const { open } = require("./node_opcua_session");
const [url, user, password] = process.argv.slice(2);

async function main() {
  const { client, session, site } = await open(url, user, password);
  const condition = `ns=${site};s=hp1.alarms.low_water_flow`;
  const names = async (node) => (await session.browse(node)).references
    .filter((r) => r.isForward && r.nodeClass !== ua.NodeClass.ObjectType && r.nodeClass !== ua.NodeClass.VariableType)
    .map((r) => r.browseName.name);
  const value = async (name) =>
    (await session.read({ nodeId: `${condition}.${name}`, attributeId: ua.AttributeIds.Value })).value.value;

  const children = await names(condition);
  const grandchildren = await names(`${condition}.ActiveState`);
  const path = await session.translateBrowsePath(ua.makeBrowsePath(condition, "/ActiveState/Id"));
  const translated = path.targets[0].targetId.value;
  const before = await value("ActiveState.Id");
  const type = (await session.browse({ nodeId: `${condition}.Retain`, referenceTypeId: "HasTypeDefinition" }))
    .references[0].nodeId.toString();

  const subscription = await session.createSubscription2({ requestedPublishingInterval: 100, requestedLifetimeCount: 3000, publishingEnabled: true });
  const heard = { "ActiveState.Id": [], "AckedState.Id": [], EventId: [] };
  let wake = () => {};
  for (const name of Object.keys(heard)) {
    const item = await subscription.monitor(
      { nodeId: `${condition}.${name}`, attributeId: ua.AttributeIds.Value },
      { queueSize: 10, samplingInterval: 0 }, ua.TimestampsToReturn.Both);
    item.on("changed", (data) => { heard[name].push(data.value.value); wake(); });
  }
  const until = (done) => new Promise((resolve) => { wake = () => done() && resolve(); wake(); });
  await until(() => Object.values(heard).every((values) => values.length === 1));
  console.log("LISTENING");
  await until(() => heard["AckedState.Id"].length === 2 && heard.EventId.length === 2);
  const acknowledged = await session.call({
    objectId: condition,
    methodId: "i=9111",
    inputArguments: [
      { dataType: ua.DataType.ByteString, value: heard.EventId[1] },
      { dataType: ua.DataType.LocalizedText, value: { text: "seen" } },
    ],
  });
  await until(() => heard["AckedState.Id"].length === 3);
  console.log("RESULT " + JSON.stringify({
    children, grandchildren, translated, before, type,
    active: heard["ActiveState.Id"],
    acked: heard["AckedState.Id"],
    acknowledged: acknowledged.statusCode.name,
  }));
  await session.close();
  await client.disconnect();
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
