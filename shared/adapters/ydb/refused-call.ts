import { InterceptingCall, type StatusObject } from "@grpc/grpc-js";

/** A call that is never sent and ends with this status. */
export function refusedCall(status: StatusObject): InterceptingCall {
  return new InterceptingCall(NO_CALL, {
    start: (_metadata, listener) => {
      // Not before the client has finished making the call.
      queueMicrotask(() => listener.onReceiveStatus(status));
    },
    sendMessage: () => undefined,
    halfClose: () => undefined,
    cancel: () => undefined,
  });
}

const NO_CALL: ConstructorParameters<typeof InterceptingCall>[0] = {
  cancelWithStatus: () => undefined,
  getPeer: () => "",
  start: () => undefined,
  sendMessageWithContext: () => undefined,
  sendMessage: () => undefined,
  startRead: () => undefined,
  halfClose: () => undefined,
  getAuthContext: () => null,
};
