import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { OrreryError } from "../../../core/errors.ts";
import { limits } from "../../../core/limits.ts";
import {
  PlatformService,
  type SendMessageRequest,
  type TokenSchema,
} from "../../../gen/orrery/v1/platform_service_pb.ts";
import type { Token } from "../../../records/token-record.ts";
import { createToken, deleteToken, listTokens } from "../../../usecases/access/tokens.ts";
import { diagnose } from "../../../usecases/diagnose.ts";
import { listRejections } from "../../../usecases/list-rejections.ts";
import type { ApiServices } from "../../api-services.ts";
import { serve, type ServedService } from "../../handlers.ts";
import { decodePageToken, encodePageToken, pageSize, wrongPageToken } from "../../page-token.ts";
import { instantOf, timestamp } from "./wire.ts";

const PAGE = "tokens";

export function platformService(services: ApiServices): ServedService {
  return serve(PlatformService, {
    getHealth: async () => await Promise.resolve({ status: "ok" }),
    diagnose: async () => {
      const { findings, appliedAt } = await diagnose(services);
      const at = timestampFromMs(services.clock.now());
      return { at, findings: [...findings], ...timestamp("configurationAppliedAt", appliedAt) };
    },
    sendMessage: async (request) => await sendMessage(services, request),
    listRejections: async (request) => {
      const rejections = await listRejections(services, pageSize(request.pageSize));
      return {
        rejections: rejections.map((rejection) => ({
          ...rejection,
          sentAt: timestampFromMs(rejection.sentAt),
          rejectedAt: timestampFromMs(rejection.rejectedAt),
        })),
      };
    },
    createToken: async (request) => {
      const { subjectId: id, subjectType, expiresAt } = request;
      const subject = { id, type: subjectType === "" ? "userAccount" : subjectType };
      const { token, secret } = await createToken(
        services,
        subject,
        expiresAt && instantOf(expiresAt),
      );
      return { token: tokenMessage(token), secret };
    },
    listTokens: async (request) => {
      const { items, next } = await listTokens(services, {
        size: pageSize(request.pageSize),
        after: placeIn(request.pageToken),
      });
      return {
        tokens: items.map(tokenMessage),
        nextPageToken: encodePageToken(PAGE, next === undefined ? undefined : [next]),
      };
    },
    deleteToken: async ({ tokenId }) => {
      await deleteToken(services, tokenId);
      return {};
    },
  });
}

/** Puts a message on the intake queue; what cannot become a run is set aside there. */
async function sendMessage(
  services: ApiServices,
  request: SendMessageRequest,
): Promise<{ readonly id: string }> {
  const { schedule, inputs } = request;
  const id = request.id === "" ? services.random.id() : request.id;
  const body = JSON.stringify({ schedule, id, inputs });
  const bytes = Buffer.byteLength(body);
  if (bytes > limits.queueMessageBytes) {
    const most = `at most ${limits.queueMessageBytes} fit: send a reference instead of the data`;
    throw new OrreryError("MESSAGE_TOO_LARGE", `The message has ${bytes} bytes, and ${most}`, {
      fields: [{ field: "inputs", description: most }],
    });
  }
  await services.queue.send("intake", [{ body, delayMs: 0 }]);
  return { id };
}

/** The hash of the last token seen. */
function placeIn(token: string): string | undefined {
  const place = decodePageToken(PAGE, token);
  if (place === undefined) return undefined;
  const [hash] = place;
  if (typeof hash !== "string") throw wrongPageToken();
  return hash;
}

function tokenMessage(token: Token): MessageInitShape<typeof TokenSchema> {
  const { id, subject, createdAt, expiresAt } = token;
  return {
    id,
    subjectId: subject.id,
    subjectType: subject.type,
    createdAt: timestampFromMs(createdAt),
    ...timestamp("expiresAt", expiresAt),
  };
}
