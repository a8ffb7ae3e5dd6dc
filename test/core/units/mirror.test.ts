import { describe, expect, it } from "vitest";
import { limits } from "../../../shared/core/limits.ts";
import { HOUR_MS, MINUTE_MS } from "../../../shared/core/time/duration.ts";
import { plusMs, type Instant } from "../../../shared/core/time/instant.ts";
import {
  limitsInForce,
  openAccount,
  setLimits,
  settle,
  type Account,
} from "../../../shared/core/units/account.ts";
import { exposureCheck, exposureOf } from "../../../shared/core/units/exposure.ts";
import { admit } from "../../../shared/core/units/admission.ts";
import {
  isSilent,
  mayFitMore,
  mirror,
  type ProviderLook,
} from "../../../shared/core/units/mirror.ts";
import {
  aRequest,
  admitted,
  anAccount,
  at,
  nightly,
  statement,
} from "../../support/account-builder.ts";

/** A look that took a second. */
function aLook(time: string, fields: Partial<ProviderLook> = {}): ProviderLook {
  return { askedAt: at(time), answeredAt: plusMs(at(time), 1_000), limits: {}, ...fields };
}

function after(account: Account, look: ProviderLook, now: Instant = look.answeredAt): Account {
  return mirror(account, look, now).account;
}

function lines(account: Account, look: ProviderLook): readonly string[] {
  return statement(mirror(account, look, look.answeredAt).entries);
}

/** 10,000 units left, of which one attempt holds 2,400 from eight o'clock on. */
function aHoldingAccount(): Account {
  const account = after(anAccount(), aLook("07:00", { balance: 10_000 }));
  return admitted(account, aRequest(), at("08:00")).account;
}

describe("a look at the provider's balance", () => {
  it("becomes the balance of an account that had none", () => {
    expect(lines(anAccount(), aLook("08:00", { balance: 500 }))).toEqual([
      "1. 08:00:01 setBalance 500 (the provider's balance): held 0, left 500",
    ]);
  });

  it("lowers what nobody holds by what was spent elsewhere, once", () => {
    const account = after(anAccount(), aLook("08:00", { balance: 500 }));
    const look = aLook("08:05", { balance: 420 });

    expect(lines(account, look)).toEqual([
      "2. 08:05:01 adjust -80 (spent elsewhere): held 0, left 420",
    ]);
    const lowered = after(account, look);
    expect(mirror(lowered, aLook("08:06", { balance: 420 }), at("08:06")).account).toBe(lowered);
  });

  it("adds what was added there", () => {
    const account = after(anAccount(), aLook("08:00", { balance: 500 }));

    expect(lines(account, aLook("08:05", { balance: 1_500 }))).toEqual([
      "2. 08:05:01 topUp 1000 (the provider's balance): held 0, left 1500",
    ]);
  });

  it.each([7_600, 8_000, 10_000])(
    "of %i is left alone while held units may or may not be charged so far",
    (balance) => {
      const account = aHoldingAccount();

      const looked = mirror(account, aLook("08:05", { balance }), at("08:05"));

      expect(looked.entries).toEqual([]);
      expect(looked.account.balance).toBe(10_000);
    },
  );

  it("lowers by no more than what can be nobody's but somebody else's", () => {
    expect(lines(aHoldingAccount(), aLook("08:05", { balance: 7_000 }))).toEqual([
      "3. 08:05:01 adjust -600 (spent elsewhere): held 2400, left 9400",
    ]);
  });

  it("takes a hold for uncharged that came after the answer", () => {
    const account = after(anAccount(), aLook("07:00", { balance: 10_000 }));
    const look = aLook("08:00", { balance: 7_000 });
    const later = plusMs(look.answeredAt, limits.providerSkewMs + 1);
    const holding = admitted(account, aRequest(), later).account;

    expect(mirror(holding, look, later).account.balance).toBe(7_000);
  });

  it("takes no units for added that were settled and may yet be charged", () => {
    const usage = { startedAt: at("08:00"), finishedAt: at("08:10"), rate: 4 };
    const settled = settle(aHoldingAccount(), nightly(1), usage, at("08:10")).account;

    const soon = aLook("08:14", { balance: 10_000 });
    const late = aLook("08:15", { balance: 10_000 });

    expect(mirror(settled, soon, soon.answeredAt).entries).toEqual([]);
    expect(after(settled, late).balance).toBe(10_000);
  });

  it("raises nothing where the account has changed since it was asked for", () => {
    const account = after(anAccount(), aLook("08:00", { balance: 500 }));
    const asked = aLook("08:05", { balance: 500 });
    const lowered = after(account, aLook("08:06", { balance: 300 }));

    expect(after(lowered, asked, at("08:07")).balance).toBe(300);
    expect(after(lowered, aLook("08:08", { balance: 500 })).balance).toBe(500);
  });

  it("takes the balance away where the provider has none", () => {
    const account = after(anAccount(), aLook("08:00", { balance: 500 }));

    expect(after(account, aLook("08:05")).balance).toBeUndefined();
    expect(after(openAccount(account.project), aLook("08:05")).balance).toBeUndefined();
  });

  it.each([0, -40])("of %i lets nothing start", (balance) => {
    const idle = after(anAccount(), aLook("08:00", { balance }));
    const busy = after(aHoldingAccount(), aLook("08:05", { balance }));
    const request = aRequest({ attempt: nightly(2), timeoutMs: 1_000 });

    expect(admit(idle, request, at("08:06")).outcome).toBe("denied");
    expect(admit(busy, request, at("08:06")).outcome).toBe("denied");
  });
});

describe("the provider's limits", () => {
  const theirs = { unitsPerHour: 900, unitsPerExecution: 300 };

  it("hold beside ours, and the stricter one counts", () => {
    const account = anAccount({ unitsPerHour: 500, concurrentRuns: 2 });

    const looked = after(account, aLook("08:00", { limits: theirs }));

    expect(limitsInForce(looked)).toEqual({
      unitsPerHour: 500,
      unitsPerExecution: 300,
      concurrentRuns: 2,
    });
    expect(looked.limits).toEqual({ unitsPerHour: 500, concurrentRuns: 2 });
  });

  it("bound what an attempt may cost", () => {
    const looked = after(anAccount(), aLook("08:00", { limits: theirs }));

    expect(admitted(looked, aRequest(), at("08:01")).reservation.units).toBe(300);
  });

  it("of zero hold, and are not the same as none", () => {
    const none = after(anAccount(), aLook("08:00", { limits: { unitsPerExecution: 0 } }));

    expect(admit(none, aRequest(), at("08:01")).outcome).toBe("denied");
    expect(admit(after(none, aLook("08:02")), aRequest(), at("08:03")).outcome).toBe("admitted");
  });

  it("stay through every other change of the account", () => {
    const looked = after(anAccount(), aLook("08:00", { limits: theirs }));

    const changed = setLimits(looked, { unitsPerHour: 700 }, at("08:01")).account;

    expect(changed.provider).toEqual({ limits: theirs, seenAt: at("08:00") });
  });

  it("are not taken back to those of an older answer", () => {
    const looked = after(anAccount(), aLook("08:00", { limits: theirs }));

    expect(after(looked, aLook("07:59")).provider?.limits).toEqual(theirs);
  });
});

describe("an account that the provider confirms", () => {
  it("is written for the instant of the answer once in a while, and no more often", () => {
    const account = after(anAccount(), aLook("08:00", { balance: 500 }));
    const soon = aLook("08:14", { balance: 500 });
    const later = aLook("08:15", { balance: 500 });

    expect(mirror(account, soon, soon.answeredAt).account).toBe(account);
    expect(after(account, later).provider?.seenAt).toBe(at("08:15"));
    expect(mirror(account, later, later.answeredAt).entries).toEqual([]);
  });

  it("is trusted for a bounded time without an answer", () => {
    const account = after(anAccount(), aLook("08:00"));
    const until = plusMs(at("08:00"), limits.providerTrustMs);

    expect(isSilent(account, until)).toBe(false);
    expect(isSilent(account, plusMs(until, 1))).toBe(true);
    expect(isSilent(anAccount(), at("08:00"))).toBe(true);
  });

  it("may fit more once a limit or the balance is higher, and not once it is lower", () => {
    const low = after(anAccount(), aLook("08:00", { balance: 500, limits: { unitsPerHour: 10 } }));
    const high = after(low, aLook("08:05", { balance: 600, limits: { unitsPerHour: 10 } }));
    const free = after(high, aLook("08:10", { balance: 600 }));

    expect(mayFitMore(low, high)).toBe(true);
    expect(mayFitMore(high, free)).toBe(true);
    expect(mayFitMore(free, after(free, aLook("08:15", { balance: 20 })))).toBe(false);
  });
});

describe("what may be spent already", () => {
  it("is what the provider no longer has, and what others may have spent since", () => {
    const account = aHoldingAccount();
    const look = aLook("08:05", { balance: 9_000, limits: { unitsPerHour: 4_000 } });

    const exposure = exposureOf(account, look, plusMs(look.askedAt, MINUTE_MS));

    expect(exposure).toEqual({
      lookedAt: at("08:05"),
      ageMs: MINUTE_MS,
      untoldUnits: 1_000,
      elsewhereUnits: 4_000,
    });
    expect(exposureCheck(exposure).sentence).toBe(
      "Provider: asked 1m ago; 1000 units of the balance may be spent already; work elsewhere may have spent up to 4000 units since.",
    );
  });

  it("is bounded by the balance, by the hours that passed, or by nothing", () => {
    const most = (look: Partial<ProviderLook>, ageMs: number) =>
      exposureOf(anAccount(), aLook("08:00", look), plusMs(at("08:00"), ageMs)).elsewhereUnits;

    expect(most({ balance: 300, limits: { unitsPerHour: 400 } }, 0)).toBe(300);
    expect(most({ limits: { unitsPerHour: 400 } }, HOUR_MS)).toBe(800);
    expect(most({ balance: -5 }, 0)).toBe(0);
    expect(most({}, 0)).toBeUndefined();
  });
});
