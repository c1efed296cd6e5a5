"""ResourceInventory over AWS: what the stack owns, by the service that knows it."""

from shared.adapters.aws.inventory.inventory import AwsResourceInventory

__all__ = ["AwsResourceInventory"]
