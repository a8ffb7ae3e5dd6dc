import type { OpenedProject } from "../../usecases/projects/opened-project.ts";
import { markup, page, type Html } from "./page.ts";

const DOCS = "https://yandex.cloud/en/docs/datasphere/";

/** What a person sees who opened a project: what it is, and where to go on. */
export function projectPage(
  { project, community, account }: Extract<OpenedProject, { readonly kind: "open" }>,
  publicUrl: string,
): string {
  const { unitsPerHour, unitsPerExecution } = account.limits;
  const facts: readonly (readonly [string, string])[] = [
    ["Project", project.id],
    ["Name", project.name],
    ["Description", project.description],
    ["Community", communityText(project.community, community?.name)],
    ["Units per hour", unitsText(unitsPerHour)],
    ["Units per execution", unitsText(unitsPerExecution)],
    ["Balance", account.balance === undefined ? "not limited" : `${account.balance} units`],
    ["Disk", `${project.diskGb} GB`],
    ["REST API", `${publicUrl}/datasphere/v2/projects/${project.id}`],
    ["Storage", "ProjectDataService.UploadFile and DownloadFile, over gRPC at the same address"],
  ];
  const shown = facts.filter(([, value]) => value !== "").map(([name, value]) => fact(name, value));
  return page(
    project.name === "" ? project.id : project.name,
    markup`<p>
        This is a DataSphere project that Orrery serves. There is no editor here: notebooks and jobs
        are started through the API, and their outputs are fetched from it.
      </p>
      <dl>${shown}</dl>
      <p>
        <a href="${publicUrl}/openapi/datasphere.json">The API, described</a> ·
        <a href="${DOCS}" rel="noreferrer">DataSphere's documentation</a>
      </p>`,
  );
}

/** A page that says what is wrong and nothing else. */
export function refusalPage(text: string): string {
  return page("No project to show", markup`<p>${text}</p>`);
}

function fact(name: string, value: string): Html {
  return markup`<dt>${name}</dt>
    <dd>${value}</dd>`;
}

function communityText(id: string, name: string | undefined): string {
  return name === undefined || name === "" || name === id ? id : `${name} (${id})`;
}

function unitsText(units: number | undefined): string {
  return units === undefined ? "not limited" : String(units);
}
