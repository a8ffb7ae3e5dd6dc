import type { Handler } from "@yandex-cloud/function-types";
import { bearerOf } from "./bearer.ts";

/**
 * Hands a caller's bearer token on to the api function, which a gateway does not: it strips the
 * header. Whoever it stands for and what it permits, the API finds out with each call; here only
 * what cannot be a token is turned away, before it costs anything more.
 */
export const handler: Handler.ApiGateway.Authorizer = async (event) => {
  const authorization = bearerOf(event);
  const context = authorization === undefined ? {} : { authorization };
  return await Promise.resolve({ isAuthorized: authorization !== undefined, context });
};
