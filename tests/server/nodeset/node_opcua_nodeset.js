// Loads nodesets into node-opcua, instantiates HeatPumpType, and tells what that created.
const { AddressSpace } = require("node-opcua-address-space");
const { generateAddressSpace } = require("node-opcua-address-space/nodeJS");
const { DataType } = require("node-opcua-variant");
const { nodesets } = require("node-opcua-nodesets");
const { files, optionals } = JSON.parse(require("fs").readFileSync(0, "utf8"));

const TYPES = "urn:heatpump-twin:types";
const members = (node) => [...node.getComponents(), ...node.getProperties()];
const name = (node) => node.browseName.name;
const names = (nodes) => nodes.map(name).sort();
const byName = (nodes, tell) => Object.fromEntries(nodes.map((node) => [name(node), tell(node)]));
const value = (node, property) => node.getPropertyByName(property)?.readValue().value.value;
const texts = (list) => list && Array.from(list, (one) => one.text);

function point(node) {
  const unit = value(node, "EngineeringUnits");
  const [range, instrument] = ["EURange", "InstrumentRange"].map((p) => value(node, p));
  const states = ["FalseState", "TrueState"].map((p) => value(node, p)).filter(Boolean);
  const codes = value(node, "EnumValues");
  return {
    type: node.typeDefinitionObj.browseName.name,
    dataType: DataType[node.dataType.value],
    title: node.displayName[0].text,
    text: node.description.text,
    unit: unit?.unitId ?? null,
    range: range ? [range.low, range.high] : null,
    instrument: instrument ? [instrument.low, instrument.high] : null,
    states: states.length ? texts(states) : null,
    codes: codes ? Object.fromEntries(Array.from(codes, (c) => [Number(c.value[1] ?? c.value), c.displayName.text])) : {},
    properties: names(node.getProperties()),
  };
}

function method(node) {
  const tell = (list) => (list ?? []).map((a) => [a.name, a.dataType.toString(), a.description.text]);
  return {
    inputs: tell(node.getInputArguments()),
    outputs: tell(node.getOutputArguments()),
  };
}

function transition(node) {
  const one = (reference) => node.findReferencesExAsObject(reference).map(name);
  return [one("FromState"), one("ToState"), one("HasCause").sort(), one("HasEffect"), value(node, "TransitionNumber")];
}

(async () => {
  const space = AddressSpace.create();
  await generateAddressSpace(space, [nodesets.standard, ...files]);
  space.registerNamespace("urn:test");
  const own = space.getNamespaceIndex(TYPES);
  const type = space.findObjectType("HeatPumpType", own);
  const organizedBy = space.rootFolder.objects;
  const least = type.instantiate({ browseName: "Least", organizedBy });
  const most = type.instantiate({ browseName: "Most", organizedBy, optionals });
  const child = (node, ...path) => path.reduce((at, step) => at.getChildByName(step), node);
  const groups = members(most).filter((n) => n.typeDefinitionObj?.browseName.name === "FunctionalGroupType");
  const machine = space.findObjectType("HeatPumpStateMachineType", own);
  const related = members(child(most, "ParameterSet")).flatMap((node) =>
    ["HasExpectedValue", "HasResidual", "HasForecast", "HasLowerBound", "HasUpperBound"].flatMap((kind) =>
      node.findReferencesExAsObject(`${own}:${kind}`).map((target) => [name(node), kind, name(target)])));
  const base = space.findObjectType("HeatPumpComponentType", own);
  const isPart = (node) => node.typeDefinitionObj?.subtypeOfObj === base;
  const site = space.findObjectType("SiteType", own).instantiate({ browseName: "Site", organizedBy, optionals: ["Weather", "Tariff"] });
  const told = "RESULT " + JSON.stringify({
    own: [...space.getNamespace(own).nodeIterator()].length,
    least: names(members(least)),
    most: names(members(most)),
    points: byName(members(child(most, "ParameterSet")), point),
    methods: byName(members(child(most, "MethodSet")), method),
    groups: byName(groups, (g) => names(g.findReferencesExAsObject("Organizes"))),
    parts: byName(members(most).filter((n) => isPart(n)), (part) => ({
      type: part.typeDefinitionObj.browseName.name,
      points: names(members(child(part, "ParameterSet"))),
    })),
    blocks: names(members(child(most, "MachineryBuildingBlocks"))),
    running: names(members(child(most, "OperatingStateMachine"))),
    states: byName(machine.getComponents().filter((n) => /StateType$/.test(n.typeDefinitionObj?.browseName.name)),
      (n) => [n.typeDefinitionObj.browseName.name, value(n, "StateNumber")]),
    transitions: byName(machine.getComponents().filter((n) => n.typeDefinitionObj?.browseName.name === "TransitionType"), transition),
    related,
    site: names(members(site)),
    abstract: base.isAbstract,
  });
  // More than a pipe holds: it is written before the process ends.
  await new Promise((written) => process.stdout.write(told + "\n", written));
  space.dispose();
})().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
