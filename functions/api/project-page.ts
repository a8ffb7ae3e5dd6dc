import { pageHeaders } from "../../shared/api/pages/page.ts";
import { projectPage, refusalPage } from "../../shared/api/pages/project-page.ts";
import type { RestAnswer, RestRequest } from "../../shared/api/rest/rest-message.ts";
import { openedProject } from "../../shared/usecases/projects/opened-project.ts";
import type { Wiring } from "../wiring.ts";

export const PROJECTS_PATH = "/projects/";

/**
 * The page that `Open` leads to: GET with `?sessionToken=`, or POST with it as a form or JSON. What
 * a wrong token is answered depends on nothing but the token.
 */
export async function answerProjectPage(wiring: Wiring, request: RestRequest): Promise<RestAnswer> {
  const { method } = request;
  if (method !== "GET" && method !== "POST" && method !== "HEAD") {
    return html(405, refusalPage("This page is opened with GET or POST."), {
      Allow: "GET, HEAD, POST",
    });
  }
  const token = method === "POST" ? postedToken(request) : queryToken(request);
  const project = decoded(request.path.slice(PROJECTS_PATH.length));
  const opened = await openedProject(wiring, { token: token ?? "", project: project ?? "" });
  const answered = answerOf(wiring, opened);
  return method === "HEAD" ? { ...answered, body: "" } : answered;
}

function answerOf(wiring: Wiring, opened: Awaited<ReturnType<typeof openedProject>>): RestAnswer {
  switch (opened.kind) {
    case "unknown":
      return html(
        401,
        refusalPage(
          "The session token is missing, unknown or has expired. Open the project again with ProjectService.Open.",
        ),
        { "WWW-Authenticate": "Bearer" },
      );
    case "other":
      return html(403, refusalPage("The session token is for something else."));
    case "gone":
      return html(404, refusalPage("The project of this session was deleted."));
    case "open":
      return html(200, projectPage(opened, wiring.publicUrl()));
  }
}

function html(status: number, body: string, headers: Record<string, string> = {}): RestAnswer {
  return { status, headers: { ...pageHeaders, ...headers }, body };
}

function queryToken({ query }: RestRequest): string | undefined {
  return query.find(([name]) => name === "sessionToken")?.[1];
}

function postedToken({ headers, body }: RestRequest): string | undefined {
  const text = new TextDecoder().decode(body);
  if (!/^application\/json\b/i.test(headers["content-type"] ?? "")) {
    return new URLSearchParams(text).get("sessionToken") ?? undefined;
  }
  try {
    const json = JSON.parse(text) as { readonly sessionToken?: unknown } | null;
    return typeof json?.sessionToken === "string" ? json.sessionToken : undefined;
  } catch {
    return undefined;
  }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
