// Another implementation's client through the life of an alarm: subscribe, acknowledge, confirm,
// comment, shelve, see branches, refresh, read past events. It prints what is to happen next.
const ua = { ...require("node-opcua-client"), ...require("node-opcua-types") };
const { open } = require("./node_opcua_session");
const [url, user, password] = process.argv.slice(2);

const FIELDS = [
  "EventId", "EventType", "BranchId", "ActiveState.Id", "AckedState.Id", "ConfirmedState.Id",
  "Retain", "Comment", "ShelvingState.CurrentState", "Message",
];

async function main() {
  const { client, session, site } = await open(url, user, password);
  const condition = `ns=${site};s=hp1.alarms.low_water_flow`;
  const filter = ua.constructEventFilter(FIELDS);
  const subscription = await session.createSubscription2({ requestedPublishingInterval: 100, requestedLifetimeCount: 3000, publishingEnabled: true });
  const item = await subscription.monitor(
    { nodeId: "i=2253", attributeId: ua.AttributeIds.EventNotifier },
    { filter, queueSize: 100 }, ua.TimestampsToReturn.Both);
  const events = [];
  let wake = () => {};
  item.on("changed", (fields) => {
    events.push(Object.fromEntries(FIELDS.map((name, place) => [name, fields[place].value])));
    wake();
  });
  const told = (count) => new Promise((resolve) => {
    wake = () => events.length >= count && resolve();
    wake();
  });
  const statuses = [];
  async function call(objectId, methodId, ...inputArguments) {
    const answer = await session.call({ objectId, methodId, inputArguments });
    statuses.push(answer.statusCode.name);
  }
  const about = (event, text) => [
    { dataType: ua.DataType.ByteString, value: event.EventId },
    { dataType: ua.DataType.LocalizedText, value: { text } },
  ];

  console.log("RAISE");
  await told(1);
  await call(condition, "i=9111", ...about(events[0], "seen"));
  await call(condition, "i=9113", ...about(events[0], "vented"));
  await call(condition, "i=9029", ...about(events[0], "tell the owner"));
  await told(4);
  const machine = `${condition}.ShelvingState`;
  await call(machine, "i=2949", { dataType: ua.DataType.Double, value: 600000 });
  await call(machine, "i=2947");
  await told(6);
  console.log("COME AND GO");
  await told(11);
  const refreshed = events.length;
  await call("i=2782", "i=3875", { dataType: ua.DataType.UInt32, value: subscription.subscriptionId });
  await told(refreshed + 4);
  const branch = events[refreshed + 1];
  await call(condition, "i=9111", ...about(branch, "that one, too"));
  await told(refreshed + 5);

  const shown = (event) => [
    event.BranchId && !event.BranchId.isEmpty() ? event.BranchId.value.split(".").pop() : "",
    event["ActiveState.Id"], event["AckedState.Id"], event["ConfirmedState.Id"], event.Retain,
    (event.Comment && event.Comment.text) || "",
    event["ShelvingState.CurrentState"] ? event["ShelvingState.CurrentState"].text : "",
  ];
  let past = [];
  while (past.length < 12) {
    const answer = await session.historyRead(new ua.HistoryReadRequest({
      historyReadDetails: new ua.ReadEventDetails({
        numValuesPerNode: 0, startTime: new Date(Date.now() - 3600000), endTime: new Date(Date.now() + 60000), filter,
      }),
      nodesToRead: [{ nodeId: `ns=${site};s=hp1` }],
      timestampsToReturn: ua.TimestampsToReturn.Both, releaseContinuationPoints: false,
    }));
    past = (answer.results[0].historyData || { events: [] }).events
      .map(({ eventFields }) => Buffer.from(eventFields[0].value).toString("hex"));
  }
  const sent = [...events.slice(0, 11), events[events.length - 1]]
    .map((event) => Buffer.from(event.EventId).toString("hex"));
  console.log("RESULT " + JSON.stringify({
    statuses,
    sequence: events.map(shown),
    refresh: [events[refreshed], events[refreshed + 3]].map((event) => event.EventType.value),
    past: JSON.stringify(past) === JSON.stringify(sent),
  }));
  await session.close();
  await client.disconnect();
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
