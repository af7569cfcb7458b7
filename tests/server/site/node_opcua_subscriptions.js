// Another implementation's client: aggregates, triggering, dead bands and a transfer.
const ua = require("node-opcua-client");
const { open } = require("./node_opcua_session");
const [url, user, password] = process.argv.slice(2);
const Both = ua.TimestampsToReturn.Both;

function next(item) {
  return new Promise((resolve) => item.once("changed", resolve));
}

async function main() {
  const { session, site } = await open(url, user, password);
  const id = (name) => `ns=${site};s=${name}`;
  const settings = {
    requestedPublishingInterval: 100, requestedLifetimeCount: 3000, requestedMaxKeepAliveCount: 10,
    maxNotificationsPerPublish: 0, publishingEnabled: true, priority: 1,
  };
  const subscription = ua.ClientSubscription.create(session, settings);
  await new Promise((resolve) => subscription.once("started", resolve));
  const monitor = (name, filter, mode = ua.MonitoringMode.Reporting) => {
    const item = ua.ClientMonitoredItem.create(
      subscription, { nodeId: id(name), attributeId: ua.AttributeIds.Value },
      { samplingInterval: 1000, queueSize: 10, discardOldest: true, filter }, Both, mode);
    return new Promise((resolve, reject) => {
      item.once("initialized", () => resolve(item));
      item.once("err", (message) => reject(new Error(message)));
    });
  };
  const average = new ua.AggregateFilter({
    startTime: new Date(Date.now() - 25000), processingInterval: 10000,
    aggregateType: ua.resolveNodeId(ua.AggregateFunction.Average),
    aggregateConfiguration: { useServerCapabilitiesDefaults: true },
  });
  const averages = [];
  const aggregated = await monitor("hp1.supply_temperature", average);
  await new Promise((resolve) => aggregated.on("changed", (value) => {
    averages.push(value.value.value);
    if (averages.length === 2) resolve();
  }));
  const band = (kind, width) => new ua.DataChangeFilter({
    trigger: ua.DataChangeTrigger.StatusValue, deadbandType: kind, deadbandValue: width,
  });
  const refused = await monitor(
    "hp1.unit_enabled", band(ua.DeadbandType.Percent, 10)).catch((error) => error.message);
  const linked = await monitor("hp1.return_temperature", null, ua.MonitoringMode.Sampling);
  const trigger = await monitor("hp1.outdoor_temperature", null);
  const links = await session.setTriggering(new ua.SetTriggeringRequest({
    subscriptionId: subscription.subscriptionId,
    triggeringItemId: trigger.monitoredItemId, linksToAdd: [linked.monitoredItemId],
  }));
  const heard = next(linked);
  console.log("LINKED");
  const triggered = (await heard).value.value;
  // The subscription goes over to another session of the same user, with what it was told last.
  const { session: second } = await open(url, user, password);
  const moved = await second.transferSubscriptions(
    { subscriptionIds: [subscription.subscriptionId], sendInitialValues: true });
  console.log("RESULT " + JSON.stringify({
    averages, refused: /BadFilterNotAllowed/.test(refused), triggered,
    links: links.addResults.map((code) => code.name),
    moved: moved.results.map((result) => result.statusCode.name),
  }));
  process.exit(0);
}

main().catch((error) => { console.error(error); process.exit(1); });
