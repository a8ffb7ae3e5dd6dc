import type { ConfigFiles } from "../../shared/config/config-files.ts";

/** Files in memory, all in folders below `/config`; every other path is missing. */
export function filesOf(texts: Readonly<Record<string, string>> = {}): ConfigFiles {
  return {
    folder: "/config",
    read: (path) => {
      const text = texts[path];
      if (text === undefined) return Promise.resolve({ state: "missing" });
      const folder = path.includes("/")
        ? `/config/${path.slice(0, path.lastIndexOf("/"))}`
        : "/config";
      return Promise.resolve({ state: "text", file: path, text, folder });
    },
    environment: (name) => (name === "REGION" ? "eu" : undefined),
  };
}
