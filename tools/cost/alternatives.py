"""The two ways not taken, by the same table: virtual servers, and containers with a database.

Both are as small as may still be called available twice. What they share with the way taken is in
them too: the key, the secret, who signs in, the audit trail, logs, alarms.
"""

from bench import journeys
from tools.cost import serverless
from tools.cost.bill import Bill, Ledger, Part
from tools.cost.prices import Prices
from tools.cost.usage import GB, Inputs


def lightsail(inputs: Inputs, prices: Prices) -> Bill:
    """Two servers of 1 GB behind a load balancer, and a database with a standby."""
    ledger = Ledger(prices)
    servers = inputs.assumptions["alternatives"]["lightsail_instances"]
    ledger.add("lightsail_instance_month", "servers", Part(servers))
    ledger.add("lightsail_database_month", "database with a standby", Part(1))
    ledger.add("lightsail_balancer_month", "load balancer", Part(1))
    _add_shared(ledger, inputs)
    return ledger.bill("Lightsail")


def containers(inputs: Inputs, prices: Prices) -> Bill:
    """Fargate tasks in private subnets, RDS in two zones."""
    ledger = Ledger(prices)
    size, hours = inputs.assumptions["alternatives"], inputs.assumptions.hours
    tasks = size["fargate_tasks"] * hours
    ledger.add("fargate_vcpu_hour", "tasks", Part(tasks * size["fargate_vcpu"]))
    ledger.add("fargate_gb_hour", "tasks", Part(tasks * size["fargate_gb"]))
    ledger.add("balancer_hour", "load balancer", Part(hours))
    ledger.add("balancer_unit_hour", "load balancer", Part(hours * size["balancer_units"]))
    ledger.add("nat_hour", "way out to Monoova", Part(hours * size["nat_gateways"]))
    ledger.add("nat_gb", "way out to Monoova", Part(0.0, _transfer(inputs)))
    ledger.add("rds_hour", "database in two zones", Part(hours))
    ledger.add("rds_gb_month", "database in two zones", Part(size["rds_gb"]))
    ledger.add("public_ipv4_hour", "addresses", Part(hours * size["public_addresses"]))
    ledger.add("transfer_gb", "payouts", Part(0.0, _transfer(inputs)))
    _add_shared(ledger, inputs)
    return ledger.bill("Fargate, RDS")


def _add_shared(ledger: Ledger, inputs: Inputs) -> None:
    serverless.add_what_stands(ledger, inputs)
    used = serverless.per_payout(inputs)
    ledger.add("kms_request", "payouts", Part(0.0, used["kms_request"]))
    idle = inputs.counted.flows[journeys.IDLE].invocations[0].log_bytes
    minutes = inputs.assumptions.minutes
    ledger.add("log_gb", "logs", Part(idle * minutes / GB, used["log_gb"]))
    serverless.add_watching(ledger, inputs)


def _transfer(inputs: Inputs) -> float:
    return serverless.per_payout(inputs)["transfer_gb"]
