/** The product's version: that of its package, which a test holds it to. */
export const VERSION = "0.1.0";
