"""Reads orders, sums them up by product, and writes a report."""

import csv
import json
import sys
from collections import Counter
from decimal import Decimal


def main(orders_path: str, report_path: str, report_date: str) -> None:
    revenue: Counter[str] = Counter()
    with open(orders_path, encoding="utf-8", newline="") as orders:
        rows = list(csv.DictReader(orders))
    for row in rows:
        revenue[row["product"]] += Decimal(row["price"]) * int(row["quantity"])
    print(f"{len(rows)} orders read for {report_date}")

    best = revenue.most_common()
    report = {
        "date": report_date,
        "orders": len(rows),
        "total": str(sum(revenue.values())),
        "products": {product: str(amount) for product, amount in best},
    }
    with open(report_path, "w", encoding="utf-8") as output:
        json.dump(report, output, ensure_ascii=False, indent=2)
    product, amount = best[0]
    print(f"total {report['total']}, best product {product} with {amount}")


if __name__ == "__main__":
    main(*sys.argv[1:])
