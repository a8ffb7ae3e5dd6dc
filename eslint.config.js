import tseslint from "typescript-eslint";
import { layers } from "./infra/lint/layers.js";

/** Lints types strictly; the arrows between folders are in `infra/lint/layers.js`. */
export default tseslint.config(
  { ignores: ["dist/**", "shared/gen/**", "coverage/**", ".orrery/**", "node_modules/**"] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: [] } } },
    rules: {
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
      "@typescript-eslint/return-await": ["error", "always"],
      // `const { dropped, ...rest } = value` is how a value loses a field without mutation.
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }],
      "@typescript-eslint/explicit-module-boundary-types": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // A union of string literals and `string` documents the known values on purpose.
      "@typescript-eslint/no-unnecessary-type-parameters": "off",
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "no-console": "error",
      "max-lines": ["error", { max: 300, skipBlankLines: true, skipComments: true }],
      "max-lines-per-function": ["error", { max: 70, skipBlankLines: true, skipComments: true }],
      "max-params": ["error", 4],
      eqeqeq: "error",
      "no-param-reassign": "error",
    },
  },
  {
    files: ["test/**"],
    rules: { "max-lines-per-function": "off", "max-lines": "off" },
  },
  { files: ["**/*.js"], ...tseslint.configs.disableTypeChecked },
  ...layers,
);
