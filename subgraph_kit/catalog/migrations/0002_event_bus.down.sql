DROP TABLE consumed_events;
DROP TABLE bus_leases;
DROP TABLE bus_members;
DROP TABLE bus_offsets;
DROP TABLE bus_records;
DROP TABLE bus_partitions;
DROP TABLE bus_topics;
