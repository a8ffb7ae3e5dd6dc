/** What a pretended execution does unless somebody or its limits stop it. */
export interface Pretence {
  readonly runMs: number;
  readonly exitCode: number;
}
