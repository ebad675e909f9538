-- Whose turn it is to erase what is older than the service's policy.

INSERT INTO countersign.leases (name, holder, until) VALUES ('retention', '', '-infinity');
