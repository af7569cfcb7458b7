// Another implementation's client: names, values and an alarm in German, then in Spanish.
const ua = require("node-opcua-client");
const { activeAlarm } = require("./node_opcua_alarm");
const { open } = require("./node_opcua_session");
const [url, user, password] = process.argv.slice(2);

async function texts(session, site) {
  const id = (name) => `ns=${site};s=${name}`;
  const read = async (nodeId, attributeId) => (await session.read({ nodeId, attributeId })).value.value;
  const name = await read(id("hp1.supply_temperature"), ua.AttributeIds.DisplayName);
  const browsed = await session.browse(id("hp1.ParameterSet"));
  const states = await read(id("hp1.operating_state.EnumValues"), ua.AttributeIds.Value);
  const [argument] = await read(id("hp1.SetSupplySetpoint.InputArguments"), ua.AttributeIds.Value);
  const [message, active] = await activeAlarm(session, ["Message", "ActiveState"]);
  return {
    name: name.text,
    locale: name.locale,
    browsed: browsed.references.find((r) => r.browseName.name === "SupplyTemperature").displayName.text,
    state: states.find((state) => state.value[1] === 5).displayName.text,
    argument: argument.description.text,
    message: message.text,
    active: active.text,
  };
}

async function main() {
  const { client, identity, session, site } = await open(url, user, password, { localeIds: ["de-AT", "en"] });
  const first = await texts(session, site);
  client.localeIds = ["es"];
  const again = await client.changeSessionIdentity(session, identity);
  const second = await texts(session, site);
  console.log("RESULT " + JSON.stringify({ first, again: again.name, second }));
  await session.close();
  await client.disconnect();
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
