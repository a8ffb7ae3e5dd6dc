import { readFileSync, writeFileSync } from "node:fs";
import { gatewaySpec } from "./gateway/gateway-spec.ts";
import { readGatewayManifest } from "./gateway/gateway-manifest.ts";

/** Writes the gateway's paths to where Terraform reads them: `npm run gateway`. */
const root = new URL("../", import.meta.url);
const manifest = readGatewayManifest(readFileSync(new URL("serverless.yaml", root), "utf8"));
const spec = `${JSON.stringify(gatewaySpec(manifest), undefined, 2)}\n`;
writeFileSync(new URL("infra/terraform/modules/gateway/gateway.json", root), spec);
