import { formatInstant } from "../time/instant.ts";
import type { Account } from "./account.ts";
import { flawAt, type LedgerDifference } from "./entry-flaws.ts";
import type { Position } from "./ledger.ts";
import type { Spend } from "./spend.ts";

/**
 * What an account says otherwise than its ledger adds up to. An account that was written before it
 * knew what it was funded with says nothing of that, which is no difference.
 */
export function accountFlaws(account: Account, sum: Position): readonly LedgerDifference[] {
  const { funded = sum.funded } = account;
  const numbers: readonly (readonly [place: string, expected: string, found: string])[] = [
    ["the account's last entry", `#${sum.seq}`, `#${account.seq}`],
    ["the account's instant", formatInstant(sum.at), formatInstant(account.at)],
    ["the account's balance", unitsText(sum.balance), unitsText(account.balance)],
    ["the units that the account holds", String(sum.held), String(account.held)],
    ["what the account was funded with", unitsText(sum.funded), unitsText(funded)],
  ];
  return [
    ...numbers.flatMap(([place, expected, found]) =>
      expected === found ? [] : [flawAt(place)(expected, found)],
    ),
    ...openFlaws(account, sum),
    ...spendFlaws(account.spends, sum.spends),
  ];
}

function openFlaws(account: Account, sum: Position): readonly LedgerDifference[] {
  const attempts = [...sum.open, ...account.open].map(({ attempt }) => attempt);
  return [...new Set(attempts)].flatMap((attempt) => {
    // An account with the same reservation twice says something else than one with it once.
    const textOf = ({ open }: Position): string =>
      open
        .filter((held) => held.attempt === attempt)
        .map(spendText)
        .join("; ") || "none";
    const [expected, found] = [textOf(sum), textOf(account)];
    return expected === found ? [] : [flawAt(`the reservation of ${attempt}`)(expected, found)];
  });
}

/** What is in one list and not in the other; both are in the order of their starts. */
function spendFlaws(
  found: readonly Spend[],
  expected: readonly Spend[],
): readonly LedgerDifference[] {
  const flaw = flawAt("the account's trailing hour");
  return [
    ...onlyIn(expected, found).map((text) => flaw(text, "none")),
    ...onlyIn(found, expected).map((text) => flaw("none", text)),
  ];
}

/** The texts of spends that others do not have, or not as often. */
function onlyIn(spends: readonly Spend[], others: readonly Spend[]): readonly string[] {
  const left = others.map(spendText);
  return spends.map(spendText).filter((text) => {
    const at = left.indexOf(text);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

function spendText({ units, rate, startAt, endAt }: Spend): string {
  return `${units} units at ${rate} a second from ${formatInstant(startAt)} to ${formatInstant(endAt)}`;
}

function unitsText(units: number | undefined): string {
  return units === undefined ? "none" : String(units);
}
