"""Contracts: variants of a supergraph that show clients a part of it, chosen by tags."""

from supergraph.contracts.contract import ContractFilter, ContractResult, apply_contract

__all__ = ["ContractFilter", "ContractResult", "apply_contract"]
