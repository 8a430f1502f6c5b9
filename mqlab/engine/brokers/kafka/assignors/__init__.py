"""Who reads which partitions: Kafka's assignors, each as its class decides, for the same input the same output.

The client-side four are chosen with `partition.assignment.strategy` (the leader of a classic group runs one), the broker-side
two with `group.remote.assignor` (KIP-848; the group coordinator runs it). All are functions of the topics' partition counts
and of the members' subscriptions; none keeps anything between two calls. Where Kafka's outcome hangs on the order in which a
Java HashMap walks, see java_order.py. Racks (KIP-881) are left out.
"""
