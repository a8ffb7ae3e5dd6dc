import { posix } from "node:path";
import { limits } from "../../core/limits.ts";
import { refuse } from "./refuse.ts";

/** One file on its way into a working directory. */
interface LaidFile {
  /** Where its bytes are: a path, or an archive and the path inside it. It names the file. */
  readonly source: string;
  readonly bytes: number;
}

/**
 * The places of a job's inputs, before any is copied. Refuses what is too large or too much, and
 * two inputs that want one place. Places are relative to the working directory.
 */
export class InputLayout {
  readonly #files = new Map<string, LaidFile>();
  readonly #directories = new Set<string>();
  #bytes = 0;

  /** Parents before children. */
  get directories(): readonly string[] {
    return [...this.#directories];
  }

  has(target: string): boolean {
    return this.#files.has(target);
  }

  /** Takes a place for a file. False where this very file has it already. */
  addFile(target: string, file: LaidFile): boolean {
    if (target === ".") {
      refuse(`The input "${file.source}" is a file: give it a path of its own, not the folder's.`);
    }
    const taken = this.#files.get(target);
    if (taken?.source === file.source) return false;
    const other = taken?.source ?? (this.#directories.has(target) ? "a folder" : undefined);
    if (other !== undefined) {
      refuse(`The inputs "${other}" and "${file.source}" want one place, "${target}".`);
    }
    if (file.bytes > limits.jobFileBytes) {
      refuse(
        `The input "${file.source}" has ${file.bytes} bytes and one file may have ` +
          `${limits.jobFileBytes}: split it, or read it from object storage.`,
      );
    }
    this.#bytes += file.bytes;
    if (this.#bytes > limits.jobInputsBytes) {
      refuse(
        `The inputs have more than ${limits.jobInputsBytes} bytes together ` +
          `(reached at "${file.source}"): read the rest from object storage.`,
      );
    }
    checkLength(target);
    this.addDirectory(posix.dirname(target));
    this.#files.set(target, file);
    this.#checkCount();
    return true;
  }

  /** Takes a place for a folder and those above it. */
  addDirectory(target: string): void {
    if (target === "." || this.#directories.has(target)) return;
    const taken = this.#files.get(target);
    if (taken !== undefined) {
      refuse(`The input "${taken.source}" is a file where others want a folder, "${target}".`);
    }
    checkLength(target);
    this.addDirectory(posix.dirname(target));
    this.#directories.add(target);
    this.#checkCount();
  }

  #checkCount(): void {
    if (this.#files.size + this.#directories.size <= limits.jobInputFiles) return;
    refuse(
      `The inputs hold more than ${limits.jobInputFiles} files and folders: ` +
        "pack them into an archive that the program reads.",
    );
  }
}

/** A place is a path of the job, or one inside an archive that has a place itself. */
const PLACE_BYTES = 2 * limits.jobPathBytes;

/** Refuses what no file system takes. It would fail each time it is copied. */
function checkLength(target: string): void {
  const tooLong =
    Buffer.byteLength(target) > PLACE_BYTES ||
    target.split("/").some((name) => Buffer.byteLength(name) > limits.fileNameBytes);
  if (!tooLong) return;
  refuse(
    `The input "${target.slice(0, 100)}…" has too long a path: at most ${PLACE_BYTES} bytes, and ` +
      `${limits.fileNameBytes} in one name, fit.`,
  );
}
