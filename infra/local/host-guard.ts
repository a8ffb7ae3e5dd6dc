import type { RequestListener } from "node:http";
import { isIP } from "node:net";
import { Code } from "../../shared/api/code.ts";

export interface HostGuardOptions {
  /** Where the platform listens. */
  readonly host: string;
  /** Where its clients find it, if that is elsewhere. */
  readonly publicUrl?: string | undefined;
}

/**
 * Keeps pages of the web off a platform that is for this machine alone. A page can point its own name
 * at 127.0.0.1 (DNS rebinding), and its browser then takes our answers for the page's own; but it
 * cannot send another `Host` than that name. So a request must name an address, `localhost`, or the
 * public URL's host. A platform that listens elsewhere cannot know what it is called.
 */
export function guardHost(
  { host, publicUrl }: HostGuardOptions,
  listener: RequestListener,
): RequestListener {
  if (!isLoopback(host)) return listener;
  const own = publicUrl === undefined ? undefined : new URL(publicUrl).hostname;
  return (request, response) => {
    // A browser always sends it; programs that speak HTTP/1.0 may not.
    const header = request.headers.host ?? "localhost";
    const name = nameIn(header);
    const isOurs = name === own || isLocalName(name) || isIP(name) !== 0;
    if (isOurs) {
      listener(request, response);
      return;
    }
    const message =
      `This platform is for its own machine and is not called "${header.slice(0, 100)}": send ` +
      "`Host: localhost`, or start it with --public-url or --host";
    const body = Buffer.from(JSON.stringify({ code: Code.PERMISSION_DENIED, message }));
    response.writeHead(421, {
      "Content-Type": "application/json; charset=utf-8",
      "Content-Length": body.length,
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
      Connection: "close",
    });
    response.end(body);
  };
}

function isLoopback(host: string): boolean {
  return isLocalName(host) || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/** Names that resolve to the machine itself wherever they are asked for. Source: RFC 6761. */
function isLocalName(name: string): boolean {
  return name === "localhost" || name.endsWith(".localhost");
}

/** The name of a Host header without its port; empty where it is none. */
function nameIn(header: string): string {
  const [, address, name] = /^(?:\[([\da-f:.]+)\]|([\w.-]+?)\.?)(?::\d{1,5})?$/i.exec(header) ?? [];
  return (address ?? name ?? "").toLowerCase();
}
