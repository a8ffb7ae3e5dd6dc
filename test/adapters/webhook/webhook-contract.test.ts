import { describeChannel } from "../../contract/channel.ts";
import { aChannel } from "./a-channel.ts";
import { startReceiver } from "./receiver.ts";

describeChannel("the webhook channel", async () => {
  const receiver = await startReceiver();
  return {
    channel: aChannel(),
    target: { kind: "webhook", url: `${receiver.origin}/hook`, secret: "env:OPS_SECRET" },
    received: () =>
      receiver.requests.map(({ headers, body }) => ({ id: String(headers["webhook-id"]), body })),
    dispose: async () => await receiver.close(),
  };
});
