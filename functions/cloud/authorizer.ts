import * as authorizer from "../authorizer/index.ts";

/** The authorizer stands on nothing. */
export const { handler } = authorizer;
