import { AppTokenService } from "../../gen/yandex/cloud/datasphere/v1/app_token_service_pb.ts";
import { validateSession } from "../../usecases/access/validate-session.ts";
import type { ApiServices } from "../api-services.ts";
import { serve, type ServedService } from "../handlers.ts";

export function appTokenService(services: ApiServices): ServedService {
  return serve(AppTokenService, {
    validate: async ({ token }) => {
      await validateSession(services, token);
      return {};
    },
  });
}
