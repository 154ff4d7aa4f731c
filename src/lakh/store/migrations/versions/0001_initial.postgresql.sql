CREATE TABLE account (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    type BIGINT NOT NULL,
    role_id BIGINT NOT NULL,
    domain_id BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    network_domain TEXT COLLATE "C",
    default_zone_id BIGINT,
    details_json TEXT COLLATE "C" NOT NULL,
    created_ms BIGINT NOT NULL,
    removed_ms BIGINT,
    PRIMARY KEY (id)
);
CREATE INDEX account_listed ON account (domain_id, id) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX account_name ON account (domain_id, name) WHERE removed_ms IS NULL;
CREATE INDEX account_role ON account (role_id, id) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX account_uuid ON account (uuid);
CREATE TABLE affinity_group (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    type TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C",
    account_id BIGINT NOT NULL,
    domain_id BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    removed_ms BIGINT,
    generation BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX affinity_group_domain ON affinity_group (domain_id, id) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX affinity_group_name ON affinity_group (account_id, name) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX affinity_group_uuid ON affinity_group (uuid);
CREATE TABLE affinity_group_vm (
    group_id BIGINT NOT NULL,
    vm_id BIGINT NOT NULL,
    PRIMARY KEY (group_id, vm_id)
);
CREATE INDEX affinity_group_vm_vm ON affinity_group_vm (vm_id, group_id);
CREATE TABLE alert (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    type BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    content TEXT COLLATE "C" NOT NULL,
    zone_id BIGINT,
    pod_id BIGINT,
    cluster_id BIGINT,
    sent_count BIGINT NOT NULL,
    sent_ms BIGINT NOT NULL,
    resolved_ms BIGINT,
    archived BOOLEAN NOT NULL,
    created_ms BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX alert_listed ON alert (id) WHERE NOT archived;
CREATE INDEX alert_standing ON alert (type, zone_id, id) WHERE resolved_ms IS NULL;
CREATE UNIQUE INDEX alert_uuid ON alert (uuid);
CREATE TABLE api_key (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    user_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    domain_id BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C",
    api_key TEXT COLLATE "C" NOT NULL,
    secret_key TEXT COLLATE "C" NOT NULL,
    start_ms BIGINT,
    end_ms BIGINT,
    created_ms BIGINT NOT NULL,
    removed_ms BIGINT,
    PRIMARY KEY (id)
);
CREATE INDEX api_key_account ON api_key (account_id, id) WHERE removed_ms IS NULL;
CREATE INDEX api_key_domain ON api_key (domain_id, id) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX api_key_key ON api_key (api_key);
CREATE INDEX api_key_user ON api_key (user_id, id) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX api_key_uuid ON api_key (uuid);
CREATE TABLE async_job (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    command TEXT COLLATE "C" NOT NULL,
    account_id BIGINT NOT NULL,
    domain_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    status BIGINT NOT NULL,
    step BIGINT NOT NULL,
    undoing BOOLEAN NOT NULL,
    state_json TEXT COLLATE "C" NOT NULL,
    error_json TEXT COLLATE "C",
    sync_key TEXT COLLATE "C",
    parent_uuid TEXT COLLATE "C",
    owner BIGINT NOT NULL,
    token BIGINT NOT NULL,
    instance_type TEXT COLLATE "C",
    instance_uuid TEXT COLLATE "C",
    result_code BIGINT NOT NULL,
    result_json TEXT COLLATE "C",
    created_ms BIGINT NOT NULL,
    completed_ms BIGINT,
    PRIMARY KEY (id)
);
CREATE INDEX async_job_account ON async_job (account_id, id) WHERE parent_uuid IS NULL;
CREATE INDEX async_job_completed ON async_job (completed_ms) WHERE completed_ms IS NOT NULL;
CREATE INDEX async_job_domain ON async_job (domain_id, id) WHERE parent_uuid IS NULL;
CREATE INDEX async_job_instance ON async_job (instance_uuid, id) WHERE status = 0 AND instance_uuid IS NOT NULL;
CREATE INDEX async_job_pending ON async_job (id) WHERE status = 0;
CREATE UNIQUE INDEX async_job_uuid ON async_job (uuid);
CREATE TABLE certificate (
    id BIGINT NOT NULL,
    serial TEXT COLLATE "C" NOT NULL,
    common_name TEXT COLLATE "C" NOT NULL,
    host_id BIGINT,
    issued_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    installed_ms BIGINT,
    PRIMARY KEY (id)
);
CREATE INDEX certificate_host ON certificate (host_id, id);
CREATE UNIQUE INDEX certificate_serial ON certificate (serial);
CREATE TABLE cluster (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    zone_id BIGINT NOT NULL,
    pod_id BIGINT NOT NULL,
    hypervisor TEXT COLLATE "C" NOT NULL,
    cluster_type TEXT COLLATE "C" NOT NULL,
    arch TEXT COLLATE "C" NOT NULL,
    allocation_state TEXT COLLATE "C" NOT NULL,
    managed_state TEXT COLLATE "C" NOT NULL,
    cpu_overcommit DOUBLE PRECISION NOT NULL,
    memory_overcommit DOUBLE PRECISION NOT NULL,
    details_json TEXT COLLATE "C" NOT NULL,
    created_ms BIGINT NOT NULL,
    removed_ms BIGINT,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX cluster_name ON cluster (pod_id, name) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX cluster_uuid ON cluster (uuid);
CREATE TABLE configuration (
    id BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    scope TEXT COLLATE "C" NOT NULL,
    scope_id BIGINT NOT NULL,
    value TEXT COLLATE "C",
    updated_ms BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX configuration_name ON configuration (name, scope, scope_id);
CREATE TABLE control_process (
    epoch BIGINT NOT NULL,
    server_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    beats BIGINT NOT NULL,
    started_ms BIGINT NOT NULL,
    heartbeat_ms BIGINT NOT NULL,
    PRIMARY KEY (epoch)
);
CREATE TABLE crl (
    id BIGINT NOT NULL,
    serial TEXT COLLATE "C" NOT NULL,
    common_name TEXT COLLATE "C",
    user_id BIGINT NOT NULL,
    revoked_ms BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX crl_serial ON crl (serial);
CREATE TABLE dedicated_resource (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    place_id BIGINT NOT NULL,
    domain_id BIGINT NOT NULL,
    account_id BIGINT,
    group_id BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX dedicated_resource_place ON dedicated_resource (kind, place_id);
CREATE UNIQUE INDEX dedicated_resource_uuid ON dedicated_resource (uuid);
CREATE TABLE disk_offering (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    unique_name TEXT COLLATE "C",
    display_text TEXT COLLATE "C" NOT NULL,
    disk_bytes BIGINT NOT NULL,
    is_customized BOOLEAN NOT NULL,
    tags TEXT COLLATE "C",
    storage_type TEXT COLLATE "C" NOT NULL,
    provisioning_type TEXT COLLATE "C" NOT NULL,
    cache_mode TEXT COLLATE "C" NOT NULL,
    compute_only BOOLEAN NOT NULL,
    disk_size_strictness BOOLEAN NOT NULL,
    encrypt BOOLEAN NOT NULL,
    min_iops BIGINT,
    max_iops BIGINT,
    custom_iops BOOLEAN NOT NULL,
    rates_json TEXT COLLATE "C" NOT NULL,
    domain_ids TEXT COLLATE "C" NOT NULL,
    zone_ids TEXT COLLATE "C" NOT NULL,
    display_offering BOOLEAN NOT NULL,
    details_json TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    sort_key BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    removed_ms BIGINT,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX disk_offering_uuid ON disk_offering (uuid);
CREATE TABLE domain (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    parent_id BIGINT,
    path TEXT COLLATE "C" NOT NULL,
    level BIGINT NOT NULL,
    network_domain TEXT COLLATE "C",
    state TEXT COLLATE "C" NOT NULL,
    created_ms BIGINT NOT NULL,
    removed_ms BIGINT,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX domain_name ON domain (parent_id, name) WHERE removed_ms IS NULL;
CREATE INDEX domain_path ON domain (path) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX domain_uuid ON domain (uuid);
CREATE TABLE event (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    type TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    level TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    user_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    domain_id BIGINT NOT NULL,
    start_id BIGINT,
    resource_type TEXT COLLATE "C",
    resource_uuid TEXT COLLATE "C",
    archived BOOLEAN NOT NULL,
    created_ms BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX event_account ON event (account_id, id) WHERE NOT archived;
CREATE INDEX event_archived ON event (id) WHERE archived;
CREATE INDEX event_domain ON event (domain_id, id) WHERE NOT archived;
CREATE INDEX event_listed ON event (id) WHERE NOT archived;
CREATE INDEX event_resource ON event (resource_uuid, id) WHERE resource_uuid IS NOT NULL;
CREATE UNIQUE INDEX event_uuid ON event (uuid);
CREATE TABLE guest_os (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    category_id BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    is_shown BOOLEAN NOT NULL,
    is_user_defined BOOLEAN NOT NULL,
    created_ms BIGINT NOT NULL,
    removed_ms BIGINT,
    PRIMARY KEY (id)
);
CREATE INDEX guest_os_category_id ON guest_os (category_id, id);
CREATE UNIQUE INDEX guest_os_uuid ON guest_os (uuid);
CREATE TABLE guest_os_category (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    is_featured BOOLEAN NOT NULL,
    sort_key BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    removed_ms BIGINT,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX guest_os_category_uuid ON guest_os_category (uuid);
CREATE TABLE guest_os_mapping (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    guest_os_id BIGINT NOT NULL,
    hypervisor TEXT COLLATE "C" NOT NULL,
    hypervisor_version TEXT COLLATE "C" NOT NULL,
    os_name TEXT COLLATE "C" NOT NULL,
    is_user_defined BOOLEAN NOT NULL,
    created_ms BIGINT NOT NULL,
    removed_ms BIGINT,
    PRIMARY KEY (id)
);
CREATE INDEX guest_os_mapping_os ON guest_os_mapping (guest_os_id, hypervisor, hypervisor_version);
CREATE UNIQUE INDEX guest_os_mapping_uuid ON guest_os_mapping (uuid);
CREATE TABLE guest_vlan (
    id BIGINT NOT NULL,
    physical_network_id BIGINT NOT NULL,
    vlan BIGINT NOT NULL,
    network_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    taken_ms BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX guest_vlan_network ON guest_vlan (network_id);
CREATE UNIQUE INDEX guest_vlan_taken ON guest_vlan (physical_network_id, vlan);
CREATE TABLE host (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    guid TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    type TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    resource_state TEXT COLLATE "C" NOT NULL,
    zone_id BIGINT NOT NULL,
    pod_id BIGINT,
    cluster_id BIGINT,
    hypervisor TEXT COLLATE "C",
    hypervisor_version TEXT COLLATE "C",
    arch TEXT COLLATE "C",
    version TEXT COLLATE "C",
    capabilities TEXT COLLATE "C",
    private_ip TEXT COLLATE "C" NOT NULL,
    private_mac TEXT COLLATE "C",
    private_netmask TEXT COLLATE "C",
    storage_ip TEXT COLLATE "C",
    public_ip TEXT COLLATE "C",
    cpu_sockets BIGINT NOT NULL,
    cpus BIGINT NOT NULL,
    speed_mhz BIGINT NOT NULL,
    memory_bytes BIGINT NOT NULL,
    details_json TEXT COLLATE "C" NOT NULL,
    management_server_id BIGINT,
    created_ms BIGINT NOT NULL,
    disconnected_ms BIGINT,
    removed_ms BIGINT,
    PRIMARY KEY (id)
);
CREATE INDEX host_cluster ON host (cluster_id, id) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX host_guid ON host (guid) WHERE removed_ms IS NULL;
CREATE INDEX host_listed ON host (type, id) WHERE removed_ms IS NULL;
CREATE INDEX host_name ON host (name, id) WHERE removed_ms IS NULL;
CREATE INDEX host_pod ON host (pod_id, id) WHERE removed_ms IS NULL;
CREATE INDEX host_private_ip ON host (private_ip) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX host_uuid ON host (uuid);
CREATE INDEX host_zone ON host (zone_id, id) WHERE removed_ms IS NULL;
CREATE TABLE host_capacity (
    host_id BIGINT NOT NULL,
    cpu_total_mhz BIGINT NOT NULL,
    cpu_used_mhz BIGINT NOT NULL,
    cores_total BIGINT NOT NULL,
    cores_used BIGINT NOT NULL,
    memory_total_bytes BIGINT NOT NULL,
    memory_used_bytes BIGINT NOT NULL,
    vms BIGINT NOT NULL,
    cpu_overcommit DOUBLE PRECISION NOT NULL,
    memory_overcommit DOUBLE PRECISION NOT NULL,
    tenant_id BIGINT NOT NULL,
    PRIMARY KEY (host_id)
);
CREATE TABLE host_tag (
    id BIGINT NOT NULL,
    host_id BIGINT NOT NULL,
    tag TEXT COLLATE "C" NOT NULL,
    implicit BOOLEAN NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX host_tag_host ON host_tag (host_id, tag);
CREATE INDEX host_tag_tag ON host_tag (tag, host_id);
CREATE TABLE hypervisor_capability (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    hypervisor TEXT COLLATE "C" NOT NULL,
    hypervisor_version TEXT COLLATE "C" NOT NULL,
    max_guests BIGINT,
    max_data_volumes BIGINT NOT NULL,
    max_hosts_per_cluster BIGINT,
    security_group_enabled BOOLEAN NOT NULL,
    storage_motion_enabled BOOLEAN NOT NULL,
    vm_snapshot_enabled BOOLEAN NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX hypervisor_capability_uuid ON hypervisor_capability (uuid);
CREATE UNIQUE INDEX hypervisor_capability_version ON hypervisor_capability (hypervisor, hypervisor_version);
CREATE TABLE id_block (
    name TEXT COLLATE "C" NOT NULL,
    next_id BIGINT NOT NULL,
    PRIMARY KEY (name)
);
CREATE TABLE image_store (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    provider TEXT COLLATE "C" NOT NULL,
    protocol TEXT COLLATE "C" NOT NULL,
    url TEXT COLLATE "C" NOT NULL,
    scope TEXT COLLATE "C" NOT NULL,
    role TEXT COLLATE "C" NOT NULL,
    zone_id BIGINT,
    read_only BOOLEAN NOT NULL,
    parent TEXT COLLATE "C",
    capacity_bytes BIGINT,
    used_bytes BIGINT,
    details_json TEXT COLLATE "C" NOT NULL,
    created_ms BIGINT NOT NULL,
    removed_ms BIGINT,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX image_store_uuid ON image_store (uuid);
CREATE TABLE instance_group (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    account_id BIGINT NOT NULL,
    domain_id BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    removed_ms BIGINT,
    PRIMARY KEY (id)
);
CREATE INDEX instance_group_domain ON instance_group (domain_id, id) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX instance_group_name ON instance_group (account_id, name) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX instance_group_uuid ON instance_group (uuid);
CREATE TABLE ip_address (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    address TEXT COLLATE "C" NOT NULL,
    zone_id BIGINT NOT NULL,
    range_id BIGINT NOT NULL,
    physical_network_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    domain_id BIGINT NOT NULL,
    network_id BIGINT,
    vm_id BIGINT,
    is_source_nat BOOLEAN NOT NULL,
    is_static_nat BOOLEAN NOT NULL,
    is_system BOOLEAN NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    allocated_ms BIGINT NOT NULL,
    removed_ms BIGINT,
    PRIMARY KEY (id)
);
CREATE INDEX ip_address_account ON ip_address (account_id, id) WHERE removed_ms IS NULL;
CREATE INDEX ip_address_address ON ip_address (address, zone_id) WHERE removed_ms IS NULL;
CREATE INDEX ip_address_network ON ip_address (network_id, id) WHERE removed_ms IS NULL;
CREATE INDEX ip_address_range ON ip_address (range_id, id) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX ip_address_taken ON ip_address (zone_id, address) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX ip_address_uuid ON ip_address (uuid);
CREATE INDEX ip_address_vm ON ip_address (vm_id, id) WHERE removed_ms IS NULL AND vm_id IS NOT NULL;
CREATE TABLE job_line (
    sync_key TEXT COLLATE "C" NOT NULL,
    job_id BIGINT NOT NULL,
    PRIMARY KEY (sync_key)
);
CREATE TABLE management_server (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    msid BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    version TEXT COLLATE "C" NOT NULL,
    epoch BIGINT NOT NULL,
    started_ms BIGINT NOT NULL,
    heartbeat_ms BIGINT NOT NULL,
    removed_ms BIGINT,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX management_server_uuid ON management_server (uuid);
CREATE TABLE network (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    display_text TEXT COLLATE "C" NOT NULL,
    zone_id BIGINT NOT NULL,
    physical_network_id BIGINT,
    offering_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    domain_id BIGINT NOT NULL,
    traffic_type TEXT COLLATE "C" NOT NULL,
    guest_type TEXT COLLATE "C",
    acl_type TEXT COLLATE "C",
    subdomain_access BOOLEAN NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    mode TEXT COLLATE "C" NOT NULL,
    broadcast_domain_type TEXT COLLATE "C" NOT NULL,
    broadcast_uri TEXT COLLATE "C",
    cidr TEXT COLLATE "C",
    gateway TEXT COLLATE "C",
    netmask TEXT COLLATE "C",
    network_domain TEXT COLLATE "C",
    dns1 TEXT COLLATE "C",
    dns2 TEXT COLLATE "C",
    specify_ip_ranges BOOLEAN NOT NULL,
    security_group_enabled BOOLEAN NOT NULL,
    is_system BOOLEAN NOT NULL,
    display_network BOOLEAN NOT NULL,
    restart_required BOOLEAN NOT NULL,
    implemented BIGINT NOT NULL,
    vpc_id BIGINT,
    details_json TEXT COLLATE "C" NOT NULL,
    created_ms BIGINT NOT NULL,
    removed_ms BIGINT,
    PRIMARY KEY (id)
);
CREATE INDEX network_account ON network (account_id, id) WHERE removed_ms IS NULL;
CREATE INDEX network_domain ON network (domain_id, id) WHERE removed_ms IS NULL;
CREATE INDEX network_listed ON network (id) WHERE removed_ms IS NULL;
CREATE INDEX network_name ON network (name, id) WHERE removed_ms IS NULL;
CREATE INDEX network_offering_of ON network (offering_id, id) WHERE removed_ms IS NULL;
CREATE INDEX network_physical ON network (physical_network_id, traffic_type, id) WHERE removed_ms IS NULL;
CREATE INDEX network_shared ON network (id) WHERE removed_ms IS NULL AND acl_type = 'Domain';
CREATE INDEX network_suffix ON network (network_domain, id) WHERE removed_ms IS NULL AND network_domain IS NOT NULL;
CREATE UNIQUE INDEX network_system ON network (zone_id, traffic_type) WHERE removed_ms IS NULL AND is_system;
CREATE UNIQUE INDEX network_uuid ON network (uuid);
CREATE INDEX network_zone ON network (zone_id, id) WHERE removed_ms IS NULL;
CREATE TABLE network_offering (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    unique_name TEXT COLLATE "C" NOT NULL,
    display_text TEXT COLLATE "C" NOT NULL,
    traffic_type TEXT COLLATE "C" NOT NULL,
    guest_type TEXT COLLATE "C",
    state TEXT COLLATE "C" NOT NULL,
    availability TEXT COLLATE "C" NOT NULL,
    is_default BOOLEAN NOT NULL,
    is_system BOOLEAN NOT NULL,
    specify_vlan BOOLEAN NOT NULL,
    specify_ip_ranges BOOLEAN NOT NULL,
    is_persistent BOOLEAN NOT NULL,
    conserve_mode BOOLEAN NOT NULL,
    for_vpc BOOLEAN NOT NULL,
    egress_default_policy BOOLEAN NOT NULL,
    redundant_router BOOLEAN NOT NULL,
    network_rate_mbps BIGINT,
    max_connections BIGINT,
    services_json TEXT COLLATE "C" NOT NULL,
    capabilities_json TEXT COLLATE "C" NOT NULL,
    service_offering_id BIGINT,
    domain_ids TEXT COLLATE "C" NOT NULL,
    zone_ids TEXT COLLATE "C" NOT NULL,
    details_json TEXT COLLATE "C" NOT NULL,
    sort_key BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    removed_ms BIGINT,
    tags TEXT COLLATE "C",
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX network_offering_uuid ON network_offering (uuid);
CREATE TABLE nic (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    vm_id BIGINT NOT NULL,
    network_id BIGINT NOT NULL,
    device_id BIGINT NOT NULL,
    ip TEXT COLLATE "C",
    netmask TEXT COLLATE "C",
    gateway TEXT COLLATE "C",
    mac TEXT COLLATE "C" NOT NULL,
    is_default BOOLEAN NOT NULL,
    broadcast_uri TEXT COLLATE "C",
    traffic_type TEXT COLLATE "C" NOT NULL,
    security_group_enabled BOOLEAN NOT NULL,
    secondary_ips TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    created_ms BIGINT NOT NULL,
    removed_ms BIGINT,
    pod_id BIGINT,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX nic_address ON nic (network_id, ip) WHERE removed_ms IS NULL AND ip IS NOT NULL AND pod_id IS NULL;
CREATE INDEX nic_management ON nic (traffic_type, vm_id) WHERE traffic_type = 'Management' AND removed_ms IS NULL AND ip IS NOT NULL;
CREATE INDEX nic_network ON nic (network_id, id, vm_id) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX nic_pod_address ON nic (pod_id, network_id, ip) WHERE removed_ms IS NULL AND ip IS NOT NULL AND pod_id IS NOT NULL;
CREATE UNIQUE INDEX nic_uuid ON nic (uuid);
CREATE INDEX nic_vm ON nic (vm_id, device_id) WHERE removed_ms IS NULL;
CREATE TABLE physical_network (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    zone_id BIGINT NOT NULL,
    domain_id BIGINT,
    state TEXT COLLATE "C" NOT NULL,
    vlan TEXT COLLATE "C" NOT NULL,
    isolation_methods TEXT COLLATE "C" NOT NULL,
    network_speed TEXT COLLATE "C",
    broadcast_domain_range TEXT COLLATE "C" NOT NULL,
    tags TEXT COLLATE "C" NOT NULL,
    created_ms BIGINT NOT NULL,
    removed_ms BIGINT,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX physical_network_uuid ON physical_network (uuid);
CREATE TABLE pod (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    zone_id BIGINT NOT NULL,
    gateway TEXT COLLATE "C" NOT NULL,
    netmask TEXT COLLATE "C" NOT NULL,
    start_ip TEXT COLLATE "C" NOT NULL,
    end_ip TEXT COLLATE "C" NOT NULL,
    allocation_state TEXT COLLATE "C" NOT NULL,
    created_ms BIGINT NOT NULL,
    removed_ms BIGINT,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX pod_name ON pod (zone_id, name) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX pod_uuid ON pod (uuid);
CREATE TABLE resource_count (
    owner_kind BIGINT NOT NULL,
    owner_id BIGINT NOT NULL,
    user_vm BIGINT NOT NULL,
    public_ip BIGINT NOT NULL,
    volume BIGINT NOT NULL,
    snapshot BIGINT NOT NULL,
    template BIGINT NOT NULL,
    project BIGINT NOT NULL,
    network BIGINT NOT NULL,
    vpc BIGINT NOT NULL,
    cpu BIGINT NOT NULL,
    memory BIGINT NOT NULL,
    primary_storage BIGINT NOT NULL,
    secondary_storage BIGINT NOT NULL,
    PRIMARY KEY (owner_kind, owner_id)
);
CREATE TABLE resource_limit (
    id BIGINT NOT NULL,
    owner_kind BIGINT NOT NULL,
    owner_id BIGINT NOT NULL,
    type BIGINT NOT NULL,
    max BIGINT NOT NULL,
    tag TEXT COLLATE "C",
    domain_id BIGINT,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX resource_limit_owner ON resource_limit (owner_kind, owner_id, type);
CREATE TABLE resource_tag (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    resource_type TEXT COLLATE "C" NOT NULL,
    resource_id BIGINT NOT NULL,
    resource_uuid TEXT COLLATE "C" NOT NULL,
    tag_key TEXT COLLATE "C" NOT NULL,
    tag_value TEXT COLLATE "C" NOT NULL,
    pair TEXT COLLATE "C" NOT NULL,
    customer TEXT COLLATE "C",
    account_id BIGINT NOT NULL,
    domain_id BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX resource_tag_account ON resource_tag (account_id, id);
CREATE INDEX resource_tag_domain ON resource_tag (domain_id, id);
CREATE UNIQUE INDEX resource_tag_key ON resource_tag (resource_type, resource_id, tag_key);
CREATE INDEX resource_tag_of ON resource_tag (resource_uuid, id);
CREATE INDEX resource_tag_pair ON resource_tag (resource_type, pair, resource_id);
CREATE UNIQUE INDEX resource_tag_uuid ON resource_tag (uuid);
CREATE TABLE role (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    type TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C",
    is_default BOOLEAN NOT NULL,
    is_public BOOLEAN NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    created_ms BIGINT NOT NULL,
    removed_ms BIGINT,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX role_name ON role (name) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX role_uuid ON role (uuid);
CREATE TABLE role_permission (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    role_id BIGINT NOT NULL,
    rule TEXT COLLATE "C" NOT NULL,
    permission TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C",
    sort_order BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX role_permission_order ON role_permission (role_id, sort_order, id);
CREATE UNIQUE INDEX role_permission_rule ON role_permission (role_id, rule);
CREATE UNIQUE INDEX role_permission_uuid ON role_permission (uuid);
CREATE TABLE security_group (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C",
    account_id BIGINT NOT NULL,
    domain_id BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    removed_ms BIGINT,
    PRIMARY KEY (id)
);
CREATE INDEX security_group_account ON security_group (account_id, id) WHERE removed_ms IS NULL;
CREATE INDEX security_group_domain ON security_group (domain_id, id) WHERE removed_ms IS NULL;
CREATE INDEX security_group_listed ON security_group (id) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX security_group_name ON security_group (account_id, name) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX security_group_uuid ON security_group (uuid);
CREATE TABLE security_group_rule (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    group_id BIGINT NOT NULL,
    direction TEXT COLLATE "C" NOT NULL,
    protocol TEXT COLLATE "C" NOT NULL,
    start_port BIGINT NOT NULL,
    end_port BIGINT NOT NULL,
    cidr TEXT COLLATE "C",
    allowed_group_id BIGINT,
    created_ms BIGINT NOT NULL,
    removed_ms BIGINT,
    PRIMARY KEY (id)
);
CREATE INDEX security_group_rule_allowed ON security_group_rule (allowed_group_id, group_id) WHERE removed_ms IS NULL AND allowed_group_id IS NOT NULL;
CREATE INDEX security_group_rule_group ON security_group_rule (group_id, id) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX security_group_rule_uuid ON security_group_rule (uuid);
CREATE TABLE security_group_vm (
    group_id BIGINT NOT NULL,
    vm_id BIGINT NOT NULL,
    PRIMARY KEY (group_id, vm_id)
);
CREATE INDEX security_group_vm_vm ON security_group_vm (vm_id, group_id);
CREATE TABLE service_offering (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    unique_name TEXT COLLATE "C",
    display_text TEXT COLLATE "C" NOT NULL,
    cpus BIGINT,
    speed_mhz BIGINT,
    memory_mb BIGINT,
    ha_enabled BOOLEAN NOT NULL,
    limit_cpu_use BOOLEAN NOT NULL,
    is_volatile BOOLEAN NOT NULL,
    is_system BOOLEAN NOT NULL,
    system_vm_type TEXT COLLATE "C",
    default_use BOOLEAN NOT NULL,
    is_customized BOOLEAN NOT NULL,
    dynamic_scaling BOOLEAN NOT NULL,
    host_tag TEXT COLLATE "C",
    storage_tags TEXT COLLATE "C",
    storage_type TEXT COLLATE "C" NOT NULL,
    provisioning_type TEXT COLLATE "C" NOT NULL,
    cache_mode TEXT COLLATE "C" NOT NULL,
    root_disk_bytes BIGINT NOT NULL,
    network_rate_mbps BIGINT,
    deployment_planner TEXT COLLATE "C",
    domain_ids TEXT COLLATE "C" NOT NULL,
    zone_ids TEXT COLLATE "C" NOT NULL,
    disk_offering_id BIGINT,
    disk_offering_strictness BOOLEAN NOT NULL,
    details_json TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    sort_key BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    removed_ms BIGINT,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX service_offering_uuid ON service_offering (uuid);
CREATE TABLE service_provider (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    physical_network_id BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    services TEXT COLLATE "C" NOT NULL,
    removed_ms BIGINT,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX service_provider_once ON service_provider (physical_network_id, name) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX service_provider_uuid ON service_provider (uuid);
CREATE TABLE ssh_key_pair (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    account_id BIGINT NOT NULL,
    domain_id BIGINT NOT NULL,
    public_key TEXT COLLATE "C" NOT NULL,
    fingerprint TEXT COLLATE "C" NOT NULL,
    created_ms BIGINT NOT NULL,
    removed_ms BIGINT,
    PRIMARY KEY (id)
);
CREATE INDEX ssh_key_pair_domain ON ssh_key_pair (domain_id, id) WHERE removed_ms IS NULL;
CREATE INDEX ssh_key_pair_fingerprint ON ssh_key_pair (account_id, fingerprint) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX ssh_key_pair_name ON ssh_key_pair (account_id, name) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX ssh_key_pair_uuid ON ssh_key_pair (uuid);
CREATE TABLE storage_pool (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    type TEXT COLLATE "C" NOT NULL,
    scope TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    provider TEXT COLLATE "C" NOT NULL,
    hypervisor TEXT COLLATE "C",
    zone_id BIGINT NOT NULL,
    pod_id BIGINT,
    cluster_id BIGINT,
    host_address TEXT COLLATE "C" NOT NULL,
    path TEXT COLLATE "C" NOT NULL,
    port BIGINT NOT NULL,
    tags TEXT COLLATE "C" NOT NULL,
    managed BOOLEAN NOT NULL,
    capacity_bytes BIGINT NOT NULL,
    capacity_iops BIGINT,
    details_json TEXT COLLATE "C" NOT NULL,
    created_ms BIGINT NOT NULL,
    removed_ms BIGINT,
    PRIMARY KEY (id)
);
CREATE INDEX storage_pool_name ON storage_pool (name) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX storage_pool_uuid ON storage_pool (uuid);
CREATE TABLE storage_pool_capacity (
    pool_id BIGINT NOT NULL,
    limit_bytes BIGINT NOT NULL,
    allocated_bytes BIGINT NOT NULL,
    used_bytes BIGINT NOT NULL,
    PRIMARY KEY (pool_id)
);
CREATE TABLE storage_pool_host (
    pool_id BIGINT NOT NULL,
    host_id BIGINT NOT NULL,
    local_path TEXT COLLATE "C" NOT NULL,
    created_ms BIGINT NOT NULL,
    PRIMARY KEY (pool_id, host_id)
);
CREATE INDEX storage_pool_host_host ON storage_pool_host (host_id, pool_id);
CREATE TABLE template (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    unique_name TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    display_text TEXT COLLATE "C" NOT NULL,
    type TEXT COLLATE "C" NOT NULL,
    format TEXT COLLATE "C" NOT NULL,
    hypervisor TEXT COLLATE "C" NOT NULL,
    os_type_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    domain_id BIGINT NOT NULL,
    zone_id BIGINT,
    url TEXT COLLATE "C",
    checksum TEXT COLLATE "C",
    size_bytes BIGINT NOT NULL,
    is_public BOOLEAN NOT NULL,
    is_featured BOOLEAN NOT NULL,
    is_extractable BOOLEAN NOT NULL,
    is_bootable BOOLEAN NOT NULL,
    password_enabled BOOLEAN NOT NULL,
    sshkey_enabled BOOLEAN NOT NULL,
    dynamically_scalable BOOLEAN NOT NULL,
    direct_download BOOLEAN NOT NULL,
    requires_hvm BOOLEAN NOT NULL,
    bits BIGINT NOT NULL,
    arch TEXT COLLATE "C" NOT NULL,
    tag TEXT COLLATE "C",
    source_template_id BIGINT,
    details_json TEXT COLLATE "C" NOT NULL,
    sort_key BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    created_ms BIGINT NOT NULL,
    removed_ms BIGINT,
    cross_zones BOOLEAN NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX template_account ON template (account_id, id) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX template_uuid ON template (uuid);
CREATE TABLE template_permission (
    template_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    PRIMARY KEY (template_id, account_id)
);
CREATE TABLE template_pool (
    template_id BIGINT NOT NULL,
    pool_id BIGINT NOT NULL,
    install_path TEXT COLLATE "C" NOT NULL,
    size_bytes BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    PRIMARY KEY (template_id, pool_id)
);
CREATE INDEX template_pool_pool ON template_pool (pool_id, template_id);
CREATE TABLE template_store (
    template_id BIGINT NOT NULL,
    store_id BIGINT NOT NULL,
    zone_id BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    download_state TEXT COLLATE "C" NOT NULL,
    percent BIGINT NOT NULL,
    install_path TEXT COLLATE "C",
    size_bytes BIGINT NOT NULL,
    physical_size_bytes BIGINT NOT NULL,
    remote_job TEXT COLLATE "C",
    error TEXT COLLATE "C",
    updated_ms BIGINT NOT NULL,
    host_id BIGINT,
    PRIMARY KEY (template_id, store_id)
);
CREATE INDEX template_store_store ON template_store (store_id, template_id);
CREATE INDEX template_store_unfinished ON template_store (template_id, store_id) WHERE download_state IN ('NOT_DOWNLOADED', 'DOWNLOAD_IN_PROGRESS');
CREATE TABLE traffic_type (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    physical_network_id BIGINT NOT NULL,
    type TEXT COLLATE "C" NOT NULL,
    kvm_label TEXT COLLATE "C",
    vlan TEXT COLLATE "C",
    removed_ms BIGINT,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX traffic_type_once ON traffic_type (physical_network_id, type) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX traffic_type_uuid ON traffic_type (uuid);
CREATE TABLE user_data (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    account_id BIGINT NOT NULL,
    domain_id BIGINT NOT NULL,
    user_data TEXT COLLATE "C" NOT NULL,
    params TEXT COLLATE "C",
    created_ms BIGINT NOT NULL,
    removed_ms BIGINT,
    PRIMARY KEY (id)
);
CREATE INDEX user_data_domain ON user_data (domain_id, id) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX user_data_name ON user_data (account_id, name) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX user_data_uuid ON user_data (uuid);
CREATE TABLE users (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    username TEXT COLLATE "C" NOT NULL,
    password TEXT COLLATE "C" NOT NULL,
    account_id BIGINT NOT NULL,
    domain_id BIGINT NOT NULL,
    firstname TEXT COLLATE "C" NOT NULL,
    lastname TEXT COLLATE "C" NOT NULL,
    email TEXT COLLATE "C" NOT NULL,
    timezone TEXT COLLATE "C",
    state TEXT COLLATE "C" NOT NULL,
    login_attempts BIGINT NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    created_ms BIGINT NOT NULL,
    removed_ms BIGINT,
    PRIMARY KEY (id)
);
CREATE INDEX users_account ON users (account_id, id) WHERE removed_ms IS NULL;
CREATE INDEX users_domain ON users (domain_id, id) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX users_name ON users (domain_id, username) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX users_uuid ON users (uuid);
CREATE TABLE virtual_router_element (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    provider_id BIGINT NOT NULL,
    type TEXT COLLATE "C" NOT NULL,
    enabled BOOLEAN NOT NULL,
    removed_ms BIGINT,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX virtual_router_element_once ON virtual_router_element (provider_id, type) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX virtual_router_element_uuid ON virtual_router_element (uuid);
CREATE TABLE vlan_range (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    zone_id BIGINT NOT NULL,
    pod_id BIGINT,
    physical_network_id BIGINT NOT NULL,
    network_id BIGINT,
    traffic_type TEXT COLLATE "C" NOT NULL,
    vlan TEXT COLLATE "C" NOT NULL,
    gateway TEXT COLLATE "C" NOT NULL,
    netmask TEXT COLLATE "C" NOT NULL,
    start_ip TEXT COLLATE "C" NOT NULL,
    end_ip TEXT COLLATE "C" NOT NULL,
    account_id BIGINT,
    domain_id BIGINT,
    for_system_vms BOOLEAN NOT NULL,
    created_ms BIGINT NOT NULL,
    removed_ms BIGINT,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX vlan_range_uuid ON vlan_range (uuid);
CREATE TABLE vm (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    display_name TEXT COLLATE "C",
    instance_name TEXT COLLATE "C" NOT NULL,
    type TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    account_id BIGINT NOT NULL,
    domain_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    zone_id BIGINT NOT NULL,
    pod_id BIGINT,
    host_id BIGINT,
    last_host_id BIGINT,
    template_id BIGINT NOT NULL,
    iso_id BIGINT,
    os_type_id BIGINT NOT NULL,
    service_offering_id BIGINT NOT NULL,
    network_id BIGINT,
    hypervisor TEXT COLLATE "C" NOT NULL,
    arch TEXT COLLATE "C" NOT NULL,
    cpus BIGINT NOT NULL,
    speed_mhz BIGINT NOT NULL,
    memory_mb BIGINT NOT NULL,
    ha_enabled BOOLEAN NOT NULL,
    limit_cpu_use BOOLEAN NOT NULL,
    dynamic_scaling BOOLEAN NOT NULL,
    display_vm BOOLEAN NOT NULL,
    group_id BIGINT,
    user_data TEXT COLLATE "C",
    key_pairs TEXT COLLATE "C",
    public_keys TEXT COLLATE "C",
    password TEXT COLLATE "C",
    vnc_password TEXT COLLATE "C" NOT NULL,
    details_json TEXT COLLATE "C" NOT NULL,
    extra_json TEXT COLLATE "C" NOT NULL,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    removed_ms BIGINT,
    password_pending BOOLEAN NOT NULL,
    delete_protection BOOLEAN NOT NULL,
    user_data_id BIGINT,
    PRIMARY KEY (id)
);
CREATE INDEX vm_account ON vm (account_id, id) WHERE removed_ms IS NULL;
CREATE INDEX vm_destroyed ON vm (updated_ms) WHERE removed_ms IS NULL AND type = 'User' AND state = 'Destroyed';
CREATE INDEX vm_domain ON vm (domain_id, id) WHERE removed_ms IS NULL;
CREATE INDEX vm_expunging ON vm (id) WHERE removed_ms IS NULL AND type = 'User' AND state = 'Expunging';
CREATE INDEX vm_group ON vm (group_id, id) WHERE removed_ms IS NULL AND group_id IS NOT NULL;
CREATE INDEX vm_host ON vm (host_id, id) WHERE removed_ms IS NULL AND host_id IS NOT NULL;
CREATE UNIQUE INDEX vm_instance_name ON vm (instance_name) WHERE removed_ms IS NULL;
CREATE INDEX vm_iso ON vm (iso_id, id) WHERE removed_ms IS NULL AND iso_id IS NOT NULL;
CREATE INDEX vm_listed ON vm (id) WHERE removed_ms IS NULL AND type = 'User';
CREATE INDEX vm_name ON vm (name, id) WHERE removed_ms IS NULL;
CREATE INDEX vm_network ON vm (network_id, id) WHERE removed_ms IS NULL AND network_id IS NOT NULL;
CREATE INDEX vm_offering ON vm (service_offering_id, id) WHERE removed_ms IS NULL;
CREATE INDEX vm_system ON vm (type, id) WHERE removed_ms IS NULL AND type <> 'User';
CREATE INDEX vm_template ON vm (template_id, id) WHERE removed_ms IS NULL;
CREATE INDEX vm_user_data ON vm (user_data_id, id) WHERE removed_ms IS NULL AND user_data_id IS NOT NULL;
CREATE UNIQUE INDEX vm_uuid ON vm (uuid);
CREATE INDEX vm_zone ON vm (zone_id, id) WHERE removed_ms IS NULL;
CREATE TABLE vm_power (
    vm_id BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    host_id BIGINT,
    since_ms BIGINT NOT NULL,
    PRIMARY KEY (vm_id)
);
CREATE INDEX vm_power_missing ON vm_power (since_ms) WHERE state = 'PowerReportMissing';
CREATE TABLE vm_reservation (
    vm_id BIGINT NOT NULL,
    host_id BIGINT NOT NULL,
    cpus BIGINT NOT NULL,
    cpu_mhz BIGINT NOT NULL,
    memory_bytes BIGINT NOT NULL,
    since_ms BIGINT NOT NULL,
    PRIMARY KEY (vm_id)
);
CREATE INDEX vm_reservation_host ON vm_reservation (host_id, vm_id);
CREATE INDEX vm_reservation_since ON vm_reservation (since_ms, vm_id);
CREATE TABLE vm_ruleset (
    vm_id BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    pending BOOLEAN NOT NULL,
    PRIMARY KEY (vm_id)
);
CREATE INDEX vm_ruleset_pending ON vm_ruleset (vm_id) WHERE pending;
CREATE TABLE volume (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    type TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    account_id BIGINT NOT NULL,
    domain_id BIGINT NOT NULL,
    zone_id BIGINT NOT NULL,
    pool_id BIGINT,
    last_pool_id BIGINT,
    vm_id BIGINT,
    device_id BIGINT,
    template_id BIGINT,
    disk_offering_id BIGINT,
    size_bytes BIGINT NOT NULL,
    min_iops BIGINT,
    max_iops BIGINT,
    provisioning_type TEXT COLLATE "C" NOT NULL,
    format TEXT COLLATE "C" NOT NULL,
    path TEXT COLLATE "C",
    chain_info TEXT COLLATE "C",
    display_volume BOOLEAN NOT NULL,
    recreatable BOOLEAN NOT NULL,
    attached_ms BIGINT,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    removed_ms BIGINT,
    delete_protection BOOLEAN NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX volume_account ON volume (account_id, id) WHERE removed_ms IS NULL;
CREATE INDEX volume_clones ON volume (pool_id, template_id) WHERE removed_ms IS NULL AND template_id IS NOT NULL;
CREATE INDEX volume_domain ON volume (domain_id, id) WHERE removed_ms IS NULL;
CREATE INDEX volume_doomed ON volume (id) WHERE removed_ms IS NULL AND state = 'Destroy';
CREATE INDEX volume_expunging ON volume (updated_ms) WHERE removed_ms IS NULL AND state = 'Expunging';
CREATE INDEX volume_listed ON volume (id) WHERE removed_ms IS NULL;
CREATE INDEX volume_name ON volume (name, id) WHERE removed_ms IS NULL;
CREATE INDEX volume_pool ON volume (pool_id, id) WHERE removed_ms IS NULL AND pool_id IS NOT NULL;
CREATE UNIQUE INDEX volume_uuid ON volume (uuid);
CREATE INDEX volume_vm ON volume (vm_id, device_id) WHERE removed_ms IS NULL AND vm_id IS NOT NULL;
CREATE TABLE zone (
    id BIGINT NOT NULL,
    uuid TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C",
    network_type TEXT COLLATE "C" NOT NULL,
    security_group_enabled BOOLEAN NOT NULL,
    dns1 TEXT COLLATE "C" NOT NULL,
    dns2 TEXT COLLATE "C",
    internal_dns1 TEXT COLLATE "C" NOT NULL,
    internal_dns2 TEXT COLLATE "C",
    ip6_dns1 TEXT COLLATE "C",
    ip6_dns2 TEXT COLLATE "C",
    network_domain TEXT COLLATE "C",
    guest_cidr TEXT COLLATE "C",
    domain_id BIGINT,
    allocation_state TEXT COLLATE "C" NOT NULL,
    local_storage_enabled BOOLEAN NOT NULL,
    is_edge BOOLEAN NOT NULL,
    dhcp_provider TEXT COLLATE "C" NOT NULL,
    details_json TEXT COLLATE "C" NOT NULL,
    sort_key BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    removed_ms BIGINT,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX zone_name ON zone (name) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX zone_uuid ON zone (uuid);
ALTER TABLE async_job SET (fillfactor = 60);
ALTER TABLE host_capacity SET (fillfactor = 70);
ALTER TABLE resource_count SET (fillfactor = 70);
ALTER TABLE storage_pool_capacity SET (fillfactor = 70);
DO $$ BEGIN EXECUTE 'ALTER TABLE account ALTER COLUMN details_json SET COMPRESSION lz4'; EXCEPTION WHEN feature_not_supported OR syntax_error THEN NULL; END $$;
DO $$ BEGIN EXECUTE 'ALTER TABLE async_job ALTER COLUMN state_json SET COMPRESSION lz4, ALTER COLUMN error_json SET COMPRESSION lz4, ALTER COLUMN result_json SET COMPRESSION lz4'; EXCEPTION WHEN feature_not_supported OR syntax_error THEN NULL; END $$;
DO $$ BEGIN EXECUTE 'ALTER TABLE host ALTER COLUMN details_json SET COMPRESSION lz4'; EXCEPTION WHEN feature_not_supported OR syntax_error THEN NULL; END $$;
DO $$ BEGIN EXECUTE 'ALTER TABLE network ALTER COLUMN details_json SET COMPRESSION lz4'; EXCEPTION WHEN feature_not_supported OR syntax_error THEN NULL; END $$;
DO $$ BEGIN EXECUTE 'ALTER TABLE vm ALTER COLUMN details_json SET COMPRESSION lz4, ALTER COLUMN extra_json SET COMPRESSION lz4'; EXCEPTION WHEN feature_not_supported OR syntax_error THEN NULL; END $$;
CREATE TABLE account_search (id BIGINT NOT NULL, name TEXT COLLATE "C", PRIMARY KEY (id));
CREATE FUNCTION account_search_add() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO account_search SELECT added.id, LOWER(added.name) FROM added WHERE added.removed_ms IS NULL; RETURN NULL; END $$;
CREATE FUNCTION account_search_follow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM account_search WHERE id = NEW.id; IF NEW.removed_ms IS NULL THEN INSERT INTO account_search VALUES (NEW.id, LOWER(NEW.name)); END IF; RETURN NULL; END $$;
CREATE TRIGGER account_search_new AFTER INSERT ON account REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION account_search_add();
CREATE TRIGGER account_search_changed AFTER UPDATE OF name, removed_ms ON account FOR EACH ROW EXECUTE FUNCTION account_search_follow();
DO $$ BEGIN IF EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm') THEN CREATE EXTENSION IF NOT EXISTS pg_trgm; CREATE INDEX account_search_trigrams ON account_search USING gin (name gin_trgm_ops); END IF; EXCEPTION WHEN insufficient_privilege THEN NULL; END $$;
CREATE TABLE host_search (id BIGINT NOT NULL, name TEXT COLLATE "C", PRIMARY KEY (id));
CREATE FUNCTION host_search_add() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO host_search SELECT added.id, LOWER(added.name) FROM added WHERE added.removed_ms IS NULL; RETURN NULL; END $$;
CREATE FUNCTION host_search_follow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM host_search WHERE id = NEW.id; IF NEW.removed_ms IS NULL THEN INSERT INTO host_search VALUES (NEW.id, LOWER(NEW.name)); END IF; RETURN NULL; END $$;
CREATE TRIGGER host_search_new AFTER INSERT ON host REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION host_search_add();
CREATE TRIGGER host_search_changed AFTER UPDATE OF name, removed_ms ON host FOR EACH ROW EXECUTE FUNCTION host_search_follow();
DO $$ BEGIN IF EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm') THEN CREATE EXTENSION IF NOT EXISTS pg_trgm; CREATE INDEX host_search_trigrams ON host_search USING gin (name gin_trgm_ops); END IF; EXCEPTION WHEN insufficient_privilege THEN NULL; END $$;
CREATE TABLE network_search (id BIGINT NOT NULL, name TEXT COLLATE "C", PRIMARY KEY (id));
CREATE FUNCTION network_search_add() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO network_search SELECT added.id, LOWER(added.name) FROM added WHERE added.removed_ms IS NULL; RETURN NULL; END $$;
CREATE FUNCTION network_search_follow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM network_search WHERE id = NEW.id; IF NEW.removed_ms IS NULL THEN INSERT INTO network_search VALUES (NEW.id, LOWER(NEW.name)); END IF; RETURN NULL; END $$;
CREATE TRIGGER network_search_new AFTER INSERT ON network REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION network_search_add();
CREATE TRIGGER network_search_changed AFTER UPDATE OF name, removed_ms ON network FOR EACH ROW EXECUTE FUNCTION network_search_follow();
DO $$ BEGIN IF EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm') THEN CREATE EXTENSION IF NOT EXISTS pg_trgm; CREATE INDEX network_search_trigrams ON network_search USING gin (name gin_trgm_ops); END IF; EXCEPTION WHEN insufficient_privilege THEN NULL; END $$;
CREATE TABLE nic_search (id BIGINT NOT NULL, ip TEXT COLLATE "C", PRIMARY KEY (id));
CREATE FUNCTION nic_search_add() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO nic_search SELECT added.id, LOWER(added.ip) FROM added WHERE added.removed_ms IS NULL; RETURN NULL; END $$;
CREATE FUNCTION nic_search_follow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM nic_search WHERE id = NEW.id; IF NEW.removed_ms IS NULL THEN INSERT INTO nic_search VALUES (NEW.id, LOWER(NEW.ip)); END IF; RETURN NULL; END $$;
CREATE TRIGGER nic_search_new AFTER INSERT ON nic REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION nic_search_add();
CREATE TRIGGER nic_search_changed AFTER UPDATE OF ip, removed_ms ON nic FOR EACH ROW EXECUTE FUNCTION nic_search_follow();
DO $$ BEGIN IF EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm') THEN CREATE EXTENSION IF NOT EXISTS pg_trgm; CREATE INDEX nic_search_trigrams ON nic_search USING gin (ip gin_trgm_ops); END IF; EXCEPTION WHEN insufficient_privilege THEN NULL; END $$;
CREATE TABLE vm_search (id BIGINT NOT NULL, name TEXT COLLATE "C", display_name TEXT COLLATE "C", instance_name TEXT COLLATE "C", PRIMARY KEY (id));
CREATE FUNCTION vm_search_add() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO vm_search SELECT added.id, LOWER(added.name), LOWER(added.display_name), LOWER(added.instance_name) FROM added WHERE added.removed_ms IS NULL AND added.type = 'User'; RETURN NULL; END $$;
CREATE FUNCTION vm_search_follow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM vm_search WHERE id = NEW.id; IF NEW.removed_ms IS NULL AND NEW.type = 'User' THEN INSERT INTO vm_search VALUES (NEW.id, LOWER(NEW.name), LOWER(NEW.display_name), LOWER(NEW.instance_name)); END IF; RETURN NULL; END $$;
CREATE TRIGGER vm_search_new AFTER INSERT ON vm REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION vm_search_add();
CREATE TRIGGER vm_search_changed AFTER UPDATE OF name, display_name, instance_name, removed_ms ON vm FOR EACH ROW EXECUTE FUNCTION vm_search_follow();
DO $$ BEGIN IF EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm') THEN CREATE EXTENSION IF NOT EXISTS pg_trgm; CREATE INDEX vm_search_trigrams ON vm_search USING gin (name gin_trgm_ops, display_name gin_trgm_ops, instance_name gin_trgm_ops); END IF; EXCEPTION WHEN insufficient_privilege THEN NULL; END $$;
CREATE TABLE volume_search (id BIGINT NOT NULL, name TEXT COLLATE "C", PRIMARY KEY (id));
CREATE FUNCTION volume_search_add() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO volume_search SELECT added.id, LOWER(added.name) FROM added WHERE added.removed_ms IS NULL; RETURN NULL; END $$;
CREATE FUNCTION volume_search_follow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM volume_search WHERE id = NEW.id; IF NEW.removed_ms IS NULL THEN INSERT INTO volume_search VALUES (NEW.id, LOWER(NEW.name)); END IF; RETURN NULL; END $$;
CREATE TRIGGER volume_search_new AFTER INSERT ON volume REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION volume_search_add();
CREATE TRIGGER volume_search_changed AFTER UPDATE OF name, removed_ms ON volume FOR EACH ROW EXECUTE FUNCTION volume_search_follow();
DO $$ BEGIN IF EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm') THEN CREATE EXTENSION IF NOT EXISTS pg_trgm; CREATE INDEX volume_search_trigrams ON volume_search USING gin (name gin_trgm_ops); END IF; EXCEPTION WHEN insufficient_privilege THEN NULL; END $$;
