"""Apache Kafka: what its clients and brokers decide, each part a pure structure of its own."""
