// Another implementation's client: reads, calls, reads history, hears and acknowledges an alarm.
const ua = require("node-opcua-client");
const { activeAlarm } = require("./node_opcua_alarm");
const { open } = require("./node_opcua_session");
const [url, user, password] = process.argv.slice(2);

async function main() {
  const { client, session, site } = await open(url, user, password);
  const id = (name) => `ns=${site};s=${name}`;
  const value = await session.read({ nodeId: id("hp1.supply_temperature"), attributeId: ua.AttributeIds.Value });
  const call = await session.call({
    objectId: id("hp1"),
    methodId: id("hp1.SetSupplySetpoint"),
    inputArguments: [{ dataType: ua.DataType.Double, value: 43 }],
  });
  const history = await session.readHistoryValue(
    id("hp1.supply_temperature"), new Date(1760000000000), new Date(1760000100000), { numValuesPerNode: 7 });
  const [eventId, message] = await activeAlarm(session, ["EventId", "Message"]);
  const acknowledged = await session.call({
    objectId: id("hp1.alarms.low_water_flow"),
    methodId: "i=9111",
    inputArguments: [
      { dataType: ua.DataType.ByteString, value: eventId },
      { dataType: ua.DataType.LocalizedText, value: { text: "seen" } },
    ],
  });
  console.log("RESULT " + JSON.stringify({
    value: value.value.value,
    call: call.statusCode.name,
    readBack: call.outputArguments[0].value,
    history: history.historyData.dataValues.map((sample) => sample.value.value),
    more: history.continuationPoint !== null,
    alarm: message.text,
    acknowledged: acknowledged.statusCode.name,
  }));
  await session.close();
  await client.disconnect();
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
