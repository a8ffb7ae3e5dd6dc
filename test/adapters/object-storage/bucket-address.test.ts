import { describe, expect, it } from "vitest";
import { parseBucketAddress } from "../../../shared/adapters/object-storage/bucket-address.ts";
import { bucketCredentials } from "../../../shared/adapters/object-storage/bucket-credentials.ts";
import { messageOf } from "../../../shared/core/errors.ts";

describe("a bucket's address", () => {
  it.each([
    ["s3://storage.yandexcloud.net/my-bucket", "https://storage.yandexcloud.net", "my-bucket"],
    ["s3://storage.yandexcloud.net:8443/b.2-c/", "https://storage.yandexcloud.net:8443", "b.2-c"],
    ["s3://127.0.0.1:4566/orrery", "http://127.0.0.1:4566", "orrery"],
    ["s3://localhost/orrery", "http://localhost", "orrery"],
    ["s3://[::1]:4566/orrery", "http://[::1]:4566", "orrery"],
  ])(
    "names endpoint and bucket, encrypted unless it is this machine: %s",
    (text, endpoint, bucket) => {
      expect(parseBucketAddress(text)).toEqual({ endpoint, bucket });
    },
  );

  it.each([
    ["bucket", "no URL"],
    ["https://host/bucket", "scheme"],
    ["s3:///bucket", "no host"],
    ["s3://host:0/bucket", "port 0"],
    ["s3://host/", "no bucket's name"],
    ["s3://host/a/b", "no bucket's name"],
    ["s3://host/Bucket", "no bucket's name"],
    ["s3://host/..", "no bucket's name"],
    ["s3://host/bucket?region=x", "parameter"],
    ["s3://host/bucket#x", "fragment"],
  ])("is refused with what is right: %s", (text, why) => {
    expect(() => parseBucketAddress(text)).toThrow(
      expect.objectContaining({
        code: "BUCKET_ADDRESS_INVALID",
        message: expect.stringContaining("s3://HOST[:PORT]/BUCKET") as string,
      }) as Error,
    );
    expect(() => parseBucketAddress(text)).toThrow(why);
  });

  it("repeats no password", () => {
    try {
      parseBucketAddress("s3://key:s3cret@host/bucket");
      expect.unreachable();
    } catch (error) {
      expect(messageOf(error)).not.toMatch(/s3cret|key:/);
    }
  });
});

describe("a bucket's key", () => {
  it("comes from the environment, and is missed by its names", () => {
    const whole = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret" };

    expect(bucketCredentials(whole)).toEqual({ accessKeyId: "id", secretAccessKey: "secret" });
    expect(() => bucketCredentials({ ...whole, AWS_SECRET_ACCESS_KEY: "" })).toThrow(
      /^AWS_SECRET_ACCESS_KEY is not set/,
    );
    expect(() => bucketCredentials({})).toThrow(
      expect.objectContaining({ code: "BUCKET_CREDENTIALS_MISSING" }) as Error,
    );
  });
});
