// Another implementation's client: processed history, and history at times.
const ua = require("node-opcua-client");
const { open } = require("./node_opcua_session");
const [url, user, password] = process.argv.slice(2);
const T0 = 1760000000000;

function told(result) {
  const values = result.historyData ? result.historyData.dataValues : [];
  return [result.statusCode.name, ...values.map((v) => [
    v.value.value, v.statusCode.value, (v.sourceTimestamp.getTime() - T0) / 1000,
  ])];
}

async function main() {
  const { client, session, site } = await open(url, user, password);
  const nodeId = `ns=${site};s=hp1.supply_temperature`;
  const kinds = ["Average", "Interpolative", "MinimumActualTime", "AnnotationCount"];
  const processed = await session.readAggregateValue(
    kinds.map(() => ({ nodeId })), new Date(T0), new Date(T0 + 20000),
    kinds.map((kind) => ua.AggregateFunction[kind]), 10000);
  const details = new ua.ReadAtTimeDetails({
    reqTimes: [500, 2000, 99000].map((ms) => new Date(T0 + ms)), useSimpleBounds: false,
  });
  const atTime = await session.historyRead(new ua.HistoryReadRequest({
    historyReadDetails: details, nodesToRead: [{ nodeId }],
    timestampsToReturn: ua.TimestampsToReturn.Both, releaseContinuationPoints: false,
  }));
  const found = Object.fromEntries(kinds.map((kind, place) => [kind, told(processed[place])]));
  console.log("RESULT " + JSON.stringify({ ...found, atTime: told(atTime.results[0]) }));
  await session.close();
  await client.disconnect();
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
