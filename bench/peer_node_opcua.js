// A node-opcua server without encryption: PORT COUNT; `count` Doubles ns=1;s=p0, p1, … that change each second.
"use strict";
const { OPCUAServer } = require("node-opcua-server");
const { OPCUACertificateManager } = require("node-opcua-certificate-manager");
const { Variant, DataType } = require("node-opcua-variant");
const os = require("os");
const path = require("path");
const fs = require("fs");

(async () => {
    const [port, count] = process.argv.slice(2).map(Number);
    const rootFolder = fs.mkdtempSync(path.join(os.tmpdir(), "peer-"));
    process.on("exit", () => fs.rmSync(rootFolder, { recursive: true, force: true }));
    const serverCertificateManager = new OPCUACertificateManager({ rootFolder, automaticallyAcceptUnknownCertificate: true });
    const server = new OPCUAServer({
        port,
        resourcePath: "/peer",
        securityModes: [1],
        securityPolicies: ["http://opcfoundation.org/UA/SecurityPolicy#None"],
        serverCertificateManager,
        userCertificateManager: serverCertificateManager,
    });
    await server.initialize();
    const space = server.engine.addressSpace.getOwnNamespace();
    const folder = space.addFolder(server.engine.addressSpace.rootFolder.objects, { browseName: "points" });
    const variables = Array.from({ length: count }, (_, i) =>
        space.addVariable({ componentOf: folder, browseName: `p${i}`, nodeId: `s=p${i}`, dataType: "Double", value: { dataType: DataType.Double, value: i } }));
    let tick = 0;
    setInterval(() => {
        tick += 1;
        variables.forEach((v, i) => v.setValueFromSource(new Variant({ dataType: DataType.Double, value: tick + i })));
    }, 1000);
    await server.start();
    console.log("ready");
})();
