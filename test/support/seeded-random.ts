export { seededRandom } from "../../shared/adapters/pretend/seeded-random.ts";
