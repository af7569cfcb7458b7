// Another implementation's client: corrections of recorded history, and what was modified.
const ua = { ...require("node-opcua-client"), ...require("node-opcua-types") };
const { open } = require("./node_opcua_session");
const [url, user, password] = process.argv.slice(2);
const T0 = 1760000000000;
const at = (second) => new Date(T0 + second * 1000);
const names = (codes) => (codes || []).map((code) => code.name);

async function main() {
  const { client, session, site } = await open(url, user, password);
  const nodeId = `ns=${site};s=hp1.supply_temperature`;
  const value = (second, number) => ({
    value: { dataType: "Double", value: number }, sourceTimestamp: at(second),
  });
  const written = (performInsertReplace, ...updateValues) =>
    new ua.UpdateDataDetails({ nodeId, performInsertReplace, updateValues });
  const kinds = ua.PerformUpdateType;
  const updates = new ua.HistoryUpdateRequest({
    historyUpdateDetails: [
      written(kinds.Insert, value(1, 91), value(1.5, 92)),
      written(kinds.Update, value(2, 93)),
      new ua.DeleteRawModifiedDetails({ nodeId, isDeleteModified: false, startTime: at(4), endTime: at(6) }),
      new ua.DeleteAtTimeDetails({ nodeId, reqTimes: [at(8), at(99)] }),
    ],
  });
  // The client has the service's messages, and no method of its own for it.
  const { results } = await new Promise((done, fail) => session.performMessageTransaction(
    updates, (error, answer) => (error ? fail(error) : done(answer))));
  async function read(isReadModified) {
    const answer = await session.historyRead(new ua.HistoryReadRequest({
      historyReadDetails: new ua.ReadRawModifiedDetails({
        isReadModified, startTime: at(0), endTime: at(20), numValuesPerNode: 0, returnBounds: false,
      }),
      nodesToRead: [{ nodeId }],
      timestampsToReturn: ua.TimestampsToReturn.Both, releaseContinuationPoints: false,
    }));
    return answer.results[0].historyData;
  }
  const modified = await read(true);
  console.log("RESULT " + JSON.stringify({
    updates: results.map((one) => [one.statusCode.name, ...names(one.operationResults)]),
    raw: (await read(false)).dataValues.map((v) => v.value.value),
    kind: modified.constructor.name,
    modified: modified.dataValues.map((v, place) => {
      const info = modified.modificationInfos[place];
      return [v.value.value, ua.HistoryUpdateType[info.updateType], info.userName];
    }),
  }));
  await session.close();
  await client.disconnect();
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
