import {
  DiscoveryServiceDefinition as Discovery,
  type ListEndpointsResult,
  ListEndpointsResultSchema,
} from "@ydbjs/api/discovery";
import type { GrpcServer } from "./grpc-server.ts";
import { addMethod } from "./operation-method.ts";
import { succeeded } from "./operation-reply.ts";
import { badRequest } from "./refusal.ts";
import type { ServerState } from "./server-state.ts";

/** Serves the one endpoint there is: the address that the caller used, so that proxies are kept. */
export function addDiscoveryService(server: GrpcServer, state: ServerState): void {
  addMethod(server, state, {
    method: "ListEndpoints",
    definition: Discovery.listEndpoints,
    run: (request, { database, host }) => {
      if (request.database !== database) {
        throw badRequest(`The endpoints of ${request.database} are asked for at ${database}`);
      }
      state.database(database);
      const [, address = "", port = ""] = /^(.*):(\d+)$/.exec(host) ?? [];
      return succeeded<ListEndpointsResult>(ListEndpointsResultSchema, {
        endpoints: [{ address, port: Number(port), nodeId: 1, location: "double" }],
        selfLocation: "double",
      });
    },
  });
}
