/** The only source of chance and of ids that nothing determines. */
export interface Random {
  /** A number in [0, 1). */
  fraction(): number;
  /** A fresh id of 20 lower-case letters and digits, unguessable. */
  id(): string;
}
