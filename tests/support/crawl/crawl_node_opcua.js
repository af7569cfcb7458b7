// crawl_node_opcua.js URL OUTPUT: crawls a whole address space, in the form of crawl_python.py.
const fs = require("fs");
const ua = require("node-opcua-client");
const [url, output] = process.argv.slice(2);
const BATCH = 500;
const PATIENCE = 600000; // ms: a busy machine may take its time over any answer
const A = ua.AttributeIds;
const ATTRIBUTES = [A.NodeClass, A.BrowseName, A.DisplayName, A.Value, A.DataType, A.IsAbstract];

function plain(value) {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return Array.from(value, plain);
  if (value instanceof ua.NodeId) return value.toString();
  if (value instanceof Date) return value.toISOString();
  if (value.constructor && value.constructor.name === "EUInformation") {
    return { NamespaceUri: value.namespaceUri, UnitId: value.unitId, DisplayName: value.displayName.text };
  }
  if (typeof value === "object") return value.constructor ? value.constructor.name : "object";
  return value;
}

async function main() {
  const client = ua.OPCUAClient.create({
    endpointMustExist: false, connectionStrategy: { maxRetry: 0 },
    transportTimeout: PATIENCE, defaultTransactionTimeout: PATIENCE, requestedSessionTimeout: PATIENCE,
  });
  await client.connect(url);
  const session = await client.createSession();
  const namespaces = await session.readNamespaceArray();
  const nodes = {};
  let found = ["i=84"];
  const seen = new Set(found);
  while (found.length) {
    const batch = found.splice(0, BATCH);
    const results = await session.browse(batch.map((nodeId) => ({
      nodeId, browseDirection: ua.BrowseDirection.Forward, includeSubtypes: true, nodeClassMask: 0, resultMask: 63,
    })));
    for (let i = 0; i < batch.length; i++) {
      let references = results[i].references || [];
      let point = results[i].continuationPoint;
      while (point && point.length) {
        const more = await session.browseNext(point, false);
        references = references.concat(more.references || []);
        point = more.continuationPoint;
      }
      nodes[batch[i]] = {
        references: references.map((r) => [r.referenceTypeId.toString(), r.nodeId.toString(),
          `${r.browseName.namespaceIndex}:${r.browseName.name}`]),
      };
      for (const r of references) {
        const id = r.nodeId.toString();
        if (!seen.has(id)) { seen.add(id); found.push(id); }
      }
    }
  }
  const ids = Object.keys(nodes);
  for (let start = 0; start < ids.length; start += BATCH) {
    const batch = ids.slice(start, start + BATCH);
    const request = batch.flatMap((nodeId) => ATTRIBUTES.map((attributeId) => ({ nodeId, attributeId })));
    const values = await session.read(request);
    batch.forEach((id, i) => {
      const of = (k) => values[i * ATTRIBUTES.length + k];
      const node = nodes[id];
      const name = of(1).value.value;
      node.status = of(0).statusCode.name;
      node.class = of(0).value.value;
      node.name = name ? `${name.namespaceIndex}:${name.name}` : null;
      node.display = of(2).value.value ? of(2).value.value.text : null;
      node.value = plain(of(3).value.value);
      node.value_status = of(3).statusCode.name;
      node.data_type = of(4).value.value ? of(4).value.value.toString() : null;
      node.abstract = of(5).value.value === true;
    });
  }
  fs.writeFileSync(output, JSON.stringify({ namespaces, nodes }));
  await session.close();
  await client.disconnect();
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
