// Hear of an alarm that is active already: subscribe to the Server object, then refresh.
const ua = require("node-opcua-client");

exports.activeAlarm = async function (session, names) {
  const subscription = await session.createSubscription2({ requestedPublishingInterval: 100, requestedLifetimeCount: 3000, publishingEnabled: true });
  const item = await subscription.monitor(
    { nodeId: "i=2253", attributeId: ua.AttributeIds.EventNotifier },
    { filter: ua.constructEventFilter([...names, "ActiveState.Id"]), queueSize: 10 },
    ua.TimestampsToReturn.Both);
  const heard = new Promise((resolve) =>
    item.on("changed", (fields) => fields[names.length].value && resolve(fields.map((field) => field.value))));
  await session.call({
    objectId: "i=2782",
    methodId: "i=3875",
    inputArguments: [{ dataType: ua.DataType.UInt32, value: subscription.subscriptionId }],
  });
  const fields = await heard;
  await subscription.terminate();
  return fields;
};
