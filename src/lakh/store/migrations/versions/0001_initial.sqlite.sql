CREATE TABLE account (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    name TEXT NOT NULL,
    type INTEGER NOT NULL,
    role_id INTEGER NOT NULL,
    domain_id INTEGER NOT NULL,
    state TEXT NOT NULL,
    network_domain TEXT,
    default_zone_id INTEGER,
    details_json TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    removed_ms INTEGER,
    PRIMARY KEY (id)
);
CREATE INDEX account_listed ON account (domain_id, id) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX account_name ON account (domain_id, name) WHERE removed_ms IS NULL;
CREATE INDEX account_role ON account (role_id, id) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX account_uuid ON account (uuid);
CREATE TABLE affinity_group (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    description TEXT,
    account_id INTEGER NOT NULL,
    domain_id INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    removed_ms INTEGER,
    generation INTEGER NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX affinity_group_domain ON affinity_group (domain_id, id) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX affinity_group_name ON affinity_group (account_id, name) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX affinity_group_uuid ON affinity_group (uuid);
CREATE TABLE affinity_group_vm (
    group_id INTEGER NOT NULL,
    vm_id INTEGER NOT NULL,
    PRIMARY KEY (group_id, vm_id)
)
 WITHOUT ROWID;
CREATE INDEX affinity_group_vm_vm ON affinity_group_vm (vm_id, group_id);
CREATE TABLE alert (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    type INTEGER NOT NULL,
    name TEXT NOT NULL,
    subject TEXT NOT NULL,
    content TEXT NOT NULL,
    zone_id INTEGER,
    pod_id INTEGER,
    cluster_id INTEGER,
    sent_count INTEGER NOT NULL,
    sent_ms INTEGER NOT NULL,
    resolved_ms INTEGER,
    archived BOOLEAN NOT NULL,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX alert_listed ON alert (id) WHERE NOT archived;
CREATE INDEX alert_standing ON alert (type, zone_id, id) WHERE resolved_ms IS NULL;
CREATE UNIQUE INDEX alert_uuid ON alert (uuid);
CREATE TABLE api_key (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    user_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    domain_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    api_key TEXT NOT NULL,
    secret_key TEXT NOT NULL,
    start_ms INTEGER,
    end_ms INTEGER,
    created_ms INTEGER NOT NULL,
    removed_ms INTEGER,
    PRIMARY KEY (id)
);
CREATE INDEX api_key_account ON api_key (account_id, id) WHERE removed_ms IS NULL;
CREATE INDEX api_key_domain ON api_key (domain_id, id) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX api_key_key ON api_key (api_key);
CREATE INDEX api_key_user ON api_key (user_id, id) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX api_key_uuid ON api_key (uuid);
CREATE TABLE async_job (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    command TEXT NOT NULL,
    account_id INTEGER NOT NULL,
    domain_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    status INTEGER NOT NULL,
    step INTEGER NOT NULL,
    undoing BOOLEAN NOT NULL,
    state_json TEXT NOT NULL,
    error_json TEXT,
    sync_key TEXT,
    parent_uuid TEXT,
    owner INTEGER NOT NULL,
    token INTEGER NOT NULL,
    instance_type TEXT,
    instance_uuid TEXT,
    result_code INTEGER NOT NULL,
    result_json TEXT,
    created_ms INTEGER NOT NULL,
    completed_ms INTEGER,
    PRIMARY KEY (id)
);
CREATE INDEX async_job_account ON async_job (account_id, id) WHERE parent_uuid IS NULL;
CREATE INDEX async_job_completed ON async_job (completed_ms) WHERE completed_ms IS NOT NULL;
CREATE INDEX async_job_domain ON async_job (domain_id, id) WHERE parent_uuid IS NULL;
CREATE INDEX async_job_instance ON async_job (instance_uuid, id) WHERE status = 0 AND instance_uuid IS NOT NULL;
CREATE INDEX async_job_pending ON async_job (id) WHERE status = 0;
CREATE UNIQUE INDEX async_job_uuid ON async_job (uuid);
CREATE TABLE certificate (
    id INTEGER NOT NULL,
    serial TEXT NOT NULL,
    common_name TEXT NOT NULL,
    host_id INTEGER,
    issued_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    installed_ms INTEGER,
    PRIMARY KEY (id)
);
CREATE INDEX certificate_host ON certificate (host_id, id);
CREATE UNIQUE INDEX certificate_serial ON certificate (serial);
CREATE TABLE cluster (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    name TEXT NOT NULL,
    zone_id INTEGER NOT NULL,
    pod_id INTEGER NOT NULL,
    hypervisor TEXT NOT NULL,
    cluster_type TEXT NOT NULL,
    arch TEXT NOT NULL,
    allocation_state TEXT NOT NULL,
    managed_state TEXT NOT NULL,
    cpu_overcommit DOUBLE NOT NULL,
    memory_overcommit DOUBLE NOT NULL,
    details_json TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    removed_ms INTEGER,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX cluster_name ON cluster (pod_id, name) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX cluster_uuid ON cluster (uuid);
CREATE TABLE configuration (
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    scope TEXT NOT NULL,
    scope_id INTEGER NOT NULL,
    value TEXT,
    updated_ms INTEGER NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX configuration_name ON configuration (name, scope, scope_id);
CREATE TABLE control_process (
    epoch INTEGER NOT NULL,
    server_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    state TEXT NOT NULL,
    beats INTEGER NOT NULL,
    started_ms INTEGER NOT NULL,
    heartbeat_ms INTEGER NOT NULL,
    PRIMARY KEY (epoch)
);
CREATE TABLE crl (
    id INTEGER NOT NULL,
    serial TEXT NOT NULL,
    common_name TEXT,
    user_id INTEGER NOT NULL,
    revoked_ms INTEGER NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX crl_serial ON crl (serial);
CREATE TABLE dedicated_resource (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    kind TEXT NOT NULL,
    place_id INTEGER NOT NULL,
    domain_id INTEGER NOT NULL,
    account_id INTEGER,
    group_id INTEGER NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX dedicated_resource_place ON dedicated_resource (kind, place_id);
CREATE UNIQUE INDEX dedicated_resource_uuid ON dedicated_resource (uuid);
CREATE TABLE disk_offering (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    name TEXT NOT NULL,
    unique_name TEXT,
    display_text TEXT NOT NULL,
    disk_bytes INTEGER NOT NULL,
    is_customized BOOLEAN NOT NULL,
    tags TEXT,
    storage_type TEXT NOT NULL,
    provisioning_type TEXT NOT NULL,
    cache_mode TEXT NOT NULL,
    compute_only BOOLEAN NOT NULL,
    disk_size_strictness BOOLEAN NOT NULL,
    encrypt BOOLEAN NOT NULL,
    min_iops INTEGER,
    max_iops INTEGER,
    custom_iops BOOLEAN NOT NULL,
    rates_json TEXT NOT NULL,
    domain_ids TEXT NOT NULL,
    zone_ids TEXT NOT NULL,
    display_offering BOOLEAN NOT NULL,
    details_json TEXT NOT NULL,
    state TEXT NOT NULL,
    sort_key INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    removed_ms INTEGER,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX disk_offering_uuid ON disk_offering (uuid);
CREATE TABLE domain (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    name TEXT NOT NULL,
    parent_id INTEGER,
    path TEXT NOT NULL,
    level INTEGER NOT NULL,
    network_domain TEXT,
    state TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    removed_ms INTEGER,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX domain_name ON domain (parent_id, name) WHERE removed_ms IS NULL;
CREATE INDEX domain_path ON domain (path) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX domain_uuid ON domain (uuid);
CREATE TABLE event (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    type TEXT NOT NULL,
    state TEXT NOT NULL,
    level TEXT NOT NULL,
    description TEXT NOT NULL,
    user_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    domain_id INTEGER NOT NULL,
    start_id INTEGER,
    resource_type TEXT,
    resource_uuid TEXT,
    archived BOOLEAN NOT NULL,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX event_account ON event (account_id, id) WHERE NOT archived;
CREATE INDEX event_archived ON event (id) WHERE archived;
CREATE INDEX event_domain ON event (domain_id, id) WHERE NOT archived;
CREATE INDEX event_listed ON event (id) WHERE NOT archived;
CREATE INDEX event_resource ON event (resource_uuid, id) WHERE resource_uuid IS NOT NULL;
CREATE UNIQUE INDEX event_uuid ON event (uuid);
CREATE TABLE guest_os (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    category_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    is_shown BOOLEAN NOT NULL,
    is_user_defined BOOLEAN NOT NULL,
    created_ms INTEGER NOT NULL,
    removed_ms INTEGER,
    PRIMARY KEY (id)
);
CREATE INDEX guest_os_category_id ON guest_os (category_id, id);
CREATE UNIQUE INDEX guest_os_uuid ON guest_os (uuid);
CREATE TABLE guest_os_category (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    name TEXT NOT NULL,
    is_featured BOOLEAN NOT NULL,
    sort_key INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    removed_ms INTEGER,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX guest_os_category_uuid ON guest_os_category (uuid);
CREATE TABLE guest_os_mapping (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    guest_os_id INTEGER NOT NULL,
    hypervisor TEXT NOT NULL,
    hypervisor_version TEXT NOT NULL,
    os_name TEXT NOT NULL,
    is_user_defined BOOLEAN NOT NULL,
    created_ms INTEGER NOT NULL,
    removed_ms INTEGER,
    PRIMARY KEY (id)
);
CREATE INDEX guest_os_mapping_os ON guest_os_mapping (guest_os_id, hypervisor, hypervisor_version);
CREATE UNIQUE INDEX guest_os_mapping_uuid ON guest_os_mapping (uuid);
CREATE TABLE guest_vlan (
    id INTEGER NOT NULL,
    physical_network_id INTEGER NOT NULL,
    vlan INTEGER NOT NULL,
    network_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    taken_ms INTEGER NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX guest_vlan_network ON guest_vlan (network_id);
CREATE UNIQUE INDEX guest_vlan_taken ON guest_vlan (physical_network_id, vlan);
CREATE TABLE host (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    guid TEXT NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    status TEXT NOT NULL,
    resource_state TEXT NOT NULL,
    zone_id INTEGER NOT NULL,
    pod_id INTEGER,
    cluster_id INTEGER,
    hypervisor TEXT,
    hypervisor_version TEXT,
    arch TEXT,
    version TEXT,
    capabilities TEXT,
    private_ip TEXT NOT NULL,
    private_mac TEXT,
    private_netmask TEXT,
    storage_ip TEXT,
    public_ip TEXT,
    cpu_sockets INTEGER NOT NULL,
    cpus INTEGER NOT NULL,
    speed_mhz INTEGER NOT NULL,
    memory_bytes INTEGER NOT NULL,
    details_json TEXT NOT NULL,
    management_server_id INTEGER,
    created_ms INTEGER NOT NULL,
    disconnected_ms INTEGER,
    removed_ms INTEGER,
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
    host_id INTEGER NOT NULL,
    cpu_total_mhz INTEGER NOT NULL,
    cpu_used_mhz INTEGER NOT NULL,
    cores_total INTEGER NOT NULL,
    cores_used INTEGER NOT NULL,
    memory_total_bytes INTEGER NOT NULL,
    memory_used_bytes INTEGER NOT NULL,
    vms INTEGER NOT NULL,
    cpu_overcommit DOUBLE NOT NULL,
    memory_overcommit DOUBLE NOT NULL,
    tenant_id INTEGER NOT NULL,
    PRIMARY KEY (host_id)
);
CREATE TABLE host_tag (
    id INTEGER NOT NULL,
    host_id INTEGER NOT NULL,
    tag TEXT NOT NULL,
    implicit BOOLEAN NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX host_tag_host ON host_tag (host_id, tag);
CREATE INDEX host_tag_tag ON host_tag (tag, host_id);
CREATE TABLE hypervisor_capability (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    hypervisor TEXT NOT NULL,
    hypervisor_version TEXT NOT NULL,
    max_guests INTEGER,
    max_data_volumes INTEGER NOT NULL,
    max_hosts_per_cluster INTEGER,
    security_group_enabled BOOLEAN NOT NULL,
    storage_motion_enabled BOOLEAN NOT NULL,
    vm_snapshot_enabled BOOLEAN NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX hypervisor_capability_uuid ON hypervisor_capability (uuid);
CREATE UNIQUE INDEX hypervisor_capability_version ON hypervisor_capability (hypervisor, hypervisor_version);
CREATE TABLE id_block (
    name TEXT NOT NULL,
    next_id INTEGER NOT NULL,
    PRIMARY KEY (name)
)
 WITHOUT ROWID;
CREATE TABLE image_store (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    name TEXT NOT NULL,
    provider TEXT NOT NULL,
    protocol TEXT NOT NULL,
    url TEXT NOT NULL,
    scope TEXT NOT NULL,
    role TEXT NOT NULL,
    zone_id INTEGER,
    read_only BOOLEAN NOT NULL,
    parent TEXT,
    capacity_bytes INTEGER,
    used_bytes INTEGER,
    details_json TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    removed_ms INTEGER,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX image_store_uuid ON image_store (uuid);
CREATE TABLE instance_group (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    name TEXT NOT NULL,
    account_id INTEGER NOT NULL,
    domain_id INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    removed_ms INTEGER,
    PRIMARY KEY (id)
);
CREATE INDEX instance_group_domain ON instance_group (domain_id, id) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX instance_group_name ON instance_group (account_id, name) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX instance_group_uuid ON instance_group (uuid);
CREATE TABLE ip_address (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    address TEXT NOT NULL,
    zone_id INTEGER NOT NULL,
    range_id INTEGER NOT NULL,
    physical_network_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    domain_id INTEGER NOT NULL,
    network_id INTEGER,
    vm_id INTEGER,
    is_source_nat BOOLEAN NOT NULL,
    is_static_nat BOOLEAN NOT NULL,
    is_system BOOLEAN NOT NULL,
    state TEXT NOT NULL,
    allocated_ms INTEGER NOT NULL,
    removed_ms INTEGER,
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
    sync_key TEXT NOT NULL,
    job_id INTEGER NOT NULL,
    PRIMARY KEY (sync_key)
)
 WITHOUT ROWID;
CREATE TABLE management_server (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    name TEXT NOT NULL,
    msid INTEGER NOT NULL,
    state TEXT NOT NULL,
    version TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    started_ms INTEGER NOT NULL,
    heartbeat_ms INTEGER NOT NULL,
    removed_ms INTEGER,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX management_server_uuid ON management_server (uuid);
CREATE TABLE network (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    name TEXT NOT NULL,
    display_text TEXT NOT NULL,
    zone_id INTEGER NOT NULL,
    physical_network_id INTEGER,
    offering_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    domain_id INTEGER NOT NULL,
    traffic_type TEXT NOT NULL,
    guest_type TEXT,
    acl_type TEXT,
    subdomain_access BOOLEAN NOT NULL,
    state TEXT NOT NULL,
    mode TEXT NOT NULL,
    broadcast_domain_type TEXT NOT NULL,
    broadcast_uri TEXT,
    cidr TEXT,
    gateway TEXT,
    netmask TEXT,
    network_domain TEXT,
    dns1 TEXT,
    dns2 TEXT,
    specify_ip_ranges BOOLEAN NOT NULL,
    security_group_enabled BOOLEAN NOT NULL,
    is_system BOOLEAN NOT NULL,
    display_network BOOLEAN NOT NULL,
    restart_required BOOLEAN NOT NULL,
    implemented INTEGER NOT NULL,
    vpc_id INTEGER,
    details_json TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    removed_ms INTEGER,
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
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    name TEXT NOT NULL,
    unique_name TEXT NOT NULL,
    display_text TEXT NOT NULL,
    traffic_type TEXT NOT NULL,
    guest_type TEXT,
    state TEXT NOT NULL,
    availability TEXT NOT NULL,
    is_default BOOLEAN NOT NULL,
    is_system BOOLEAN NOT NULL,
    specify_vlan BOOLEAN NOT NULL,
    specify_ip_ranges BOOLEAN NOT NULL,
    is_persistent BOOLEAN NOT NULL,
    conserve_mode BOOLEAN NOT NULL,
    for_vpc BOOLEAN NOT NULL,
    egress_default_policy BOOLEAN NOT NULL,
    redundant_router BOOLEAN NOT NULL,
    network_rate_mbps INTEGER,
    max_connections INTEGER,
    services_json TEXT NOT NULL,
    capabilities_json TEXT NOT NULL,
    service_offering_id INTEGER,
    domain_ids TEXT NOT NULL,
    zone_ids TEXT NOT NULL,
    details_json TEXT NOT NULL,
    sort_key INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    removed_ms INTEGER,
    tags TEXT,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX network_offering_uuid ON network_offering (uuid);
CREATE TABLE nic (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    vm_id INTEGER NOT NULL,
    network_id INTEGER NOT NULL,
    device_id INTEGER NOT NULL,
    ip TEXT,
    netmask TEXT,
    gateway TEXT,
    mac TEXT NOT NULL,
    is_default BOOLEAN NOT NULL,
    broadcast_uri TEXT,
    traffic_type TEXT NOT NULL,
    security_group_enabled BOOLEAN NOT NULL,
    secondary_ips TEXT NOT NULL,
    state TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    removed_ms INTEGER,
    pod_id INTEGER,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX nic_address ON nic (network_id, ip) WHERE removed_ms IS NULL AND ip IS NOT NULL AND pod_id IS NULL;
CREATE INDEX nic_management ON nic (traffic_type, vm_id) WHERE traffic_type = 'Management' AND removed_ms IS NULL AND ip IS NOT NULL;
CREATE INDEX nic_network ON nic (network_id, id, vm_id) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX nic_pod_address ON nic (pod_id, network_id, ip) WHERE removed_ms IS NULL AND ip IS NOT NULL AND pod_id IS NOT NULL;
CREATE UNIQUE INDEX nic_uuid ON nic (uuid);
CREATE INDEX nic_vm ON nic (vm_id, device_id) WHERE removed_ms IS NULL;
CREATE TABLE physical_network (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    name TEXT NOT NULL,
    zone_id INTEGER NOT NULL,
    domain_id INTEGER,
    state TEXT NOT NULL,
    vlan TEXT NOT NULL,
    isolation_methods TEXT NOT NULL,
    network_speed TEXT,
    broadcast_domain_range TEXT NOT NULL,
    tags TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    removed_ms INTEGER,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX physical_network_uuid ON physical_network (uuid);
CREATE TABLE pod (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    name TEXT NOT NULL,
    zone_id INTEGER NOT NULL,
    gateway TEXT NOT NULL,
    netmask TEXT NOT NULL,
    start_ip TEXT NOT NULL,
    end_ip TEXT NOT NULL,
    allocation_state TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    removed_ms INTEGER,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX pod_name ON pod (zone_id, name) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX pod_uuid ON pod (uuid);
CREATE TABLE resource_count (
    owner_kind INTEGER NOT NULL,
    owner_id INTEGER NOT NULL,
    user_vm INTEGER NOT NULL,
    public_ip INTEGER NOT NULL,
    volume INTEGER NOT NULL,
    snapshot INTEGER NOT NULL,
    template INTEGER NOT NULL,
    project INTEGER NOT NULL,
    network INTEGER NOT NULL,
    vpc INTEGER NOT NULL,
    cpu INTEGER NOT NULL,
    memory INTEGER NOT NULL,
    primary_storage INTEGER NOT NULL,
    secondary_storage INTEGER NOT NULL,
    PRIMARY KEY (owner_kind, owner_id)
)
 WITHOUT ROWID;
CREATE TABLE resource_limit (
    id INTEGER NOT NULL,
    owner_kind INTEGER NOT NULL,
    owner_id INTEGER NOT NULL,
    type INTEGER NOT NULL,
    max INTEGER NOT NULL,
    tag TEXT,
    domain_id INTEGER,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX resource_limit_owner ON resource_limit (owner_kind, owner_id, type);
CREATE TABLE resource_tag (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    resource_id INTEGER NOT NULL,
    resource_uuid TEXT NOT NULL,
    tag_key TEXT NOT NULL,
    tag_value TEXT NOT NULL,
    pair TEXT NOT NULL,
    customer TEXT,
    account_id INTEGER NOT NULL,
    domain_id INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX resource_tag_account ON resource_tag (account_id, id);
CREATE INDEX resource_tag_domain ON resource_tag (domain_id, id);
CREATE UNIQUE INDEX resource_tag_key ON resource_tag (resource_type, resource_id, tag_key);
CREATE INDEX resource_tag_of ON resource_tag (resource_uuid, id);
CREATE INDEX resource_tag_pair ON resource_tag (resource_type, pair, resource_id);
CREATE UNIQUE INDEX resource_tag_uuid ON resource_tag (uuid);
CREATE TABLE role (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    description TEXT,
    is_default BOOLEAN NOT NULL,
    is_public BOOLEAN NOT NULL,
    state TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    removed_ms INTEGER,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX role_name ON role (name) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX role_uuid ON role (uuid);
CREATE TABLE role_permission (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    role_id INTEGER NOT NULL,
    rule TEXT NOT NULL,
    permission TEXT NOT NULL,
    description TEXT,
    sort_order INTEGER NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX role_permission_order ON role_permission (role_id, sort_order, id);
CREATE UNIQUE INDEX role_permission_rule ON role_permission (role_id, rule);
CREATE UNIQUE INDEX role_permission_uuid ON role_permission (uuid);
CREATE TABLE security_group (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    account_id INTEGER NOT NULL,
    domain_id INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    removed_ms INTEGER,
    PRIMARY KEY (id)
);
CREATE INDEX security_group_account ON security_group (account_id, id) WHERE removed_ms IS NULL;
CREATE INDEX security_group_domain ON security_group (domain_id, id) WHERE removed_ms IS NULL;
CREATE INDEX security_group_listed ON security_group (id) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX security_group_name ON security_group (account_id, name) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX security_group_uuid ON security_group (uuid);
CREATE TABLE security_group_rule (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    group_id INTEGER NOT NULL,
    direction TEXT NOT NULL,
    protocol TEXT NOT NULL,
    start_port INTEGER NOT NULL,
    end_port INTEGER NOT NULL,
    cidr TEXT,
    allowed_group_id INTEGER,
    created_ms INTEGER NOT NULL,
    removed_ms INTEGER,
    PRIMARY KEY (id)
);
CREATE INDEX security_group_rule_allowed ON security_group_rule (allowed_group_id, group_id) WHERE removed_ms IS NULL AND allowed_group_id IS NOT NULL;
CREATE INDEX security_group_rule_group ON security_group_rule (group_id, id) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX security_group_rule_uuid ON security_group_rule (uuid);
CREATE TABLE security_group_vm (
    group_id INTEGER NOT NULL,
    vm_id INTEGER NOT NULL,
    PRIMARY KEY (group_id, vm_id)
)
 WITHOUT ROWID;
CREATE INDEX security_group_vm_vm ON security_group_vm (vm_id, group_id);
CREATE TABLE service_offering (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    name TEXT NOT NULL,
    unique_name TEXT,
    display_text TEXT NOT NULL,
    cpus INTEGER,
    speed_mhz INTEGER,
    memory_mb INTEGER,
    ha_enabled BOOLEAN NOT NULL,
    limit_cpu_use BOOLEAN NOT NULL,
    is_volatile BOOLEAN NOT NULL,
    is_system BOOLEAN NOT NULL,
    system_vm_type TEXT,
    default_use BOOLEAN NOT NULL,
    is_customized BOOLEAN NOT NULL,
    dynamic_scaling BOOLEAN NOT NULL,
    host_tag TEXT,
    storage_tags TEXT,
    storage_type TEXT NOT NULL,
    provisioning_type TEXT NOT NULL,
    cache_mode TEXT NOT NULL,
    root_disk_bytes INTEGER NOT NULL,
    network_rate_mbps INTEGER,
    deployment_planner TEXT,
    domain_ids TEXT NOT NULL,
    zone_ids TEXT NOT NULL,
    disk_offering_id INTEGER,
    disk_offering_strictness BOOLEAN NOT NULL,
    details_json TEXT NOT NULL,
    state TEXT NOT NULL,
    sort_key INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    removed_ms INTEGER,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX service_offering_uuid ON service_offering (uuid);
CREATE TABLE service_provider (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    physical_network_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    services TEXT NOT NULL,
    removed_ms INTEGER,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX service_provider_once ON service_provider (physical_network_id, name) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX service_provider_uuid ON service_provider (uuid);
CREATE TABLE ssh_key_pair (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    name TEXT NOT NULL,
    account_id INTEGER NOT NULL,
    domain_id INTEGER NOT NULL,
    public_key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    removed_ms INTEGER,
    PRIMARY KEY (id)
);
CREATE INDEX ssh_key_pair_domain ON ssh_key_pair (domain_id, id) WHERE removed_ms IS NULL;
CREATE INDEX ssh_key_pair_fingerprint ON ssh_key_pair (account_id, fingerprint) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX ssh_key_pair_name ON ssh_key_pair (account_id, name) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX ssh_key_pair_uuid ON ssh_key_pair (uuid);
CREATE TABLE storage_pool (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    scope TEXT NOT NULL,
    status TEXT NOT NULL,
    provider TEXT NOT NULL,
    hypervisor TEXT,
    zone_id INTEGER NOT NULL,
    pod_id INTEGER,
    cluster_id INTEGER,
    host_address TEXT NOT NULL,
    path TEXT NOT NULL,
    port INTEGER NOT NULL,
    tags TEXT NOT NULL,
    managed BOOLEAN NOT NULL,
    capacity_bytes INTEGER NOT NULL,
    capacity_iops INTEGER,
    details_json TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    removed_ms INTEGER,
    PRIMARY KEY (id)
);
CREATE INDEX storage_pool_name ON storage_pool (name) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX storage_pool_uuid ON storage_pool (uuid);
CREATE TABLE storage_pool_capacity (
    pool_id INTEGER NOT NULL,
    limit_bytes INTEGER NOT NULL,
    allocated_bytes INTEGER NOT NULL,
    used_bytes INTEGER NOT NULL,
    PRIMARY KEY (pool_id)
);
CREATE TABLE storage_pool_host (
    pool_id INTEGER NOT NULL,
    host_id INTEGER NOT NULL,
    local_path TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (pool_id, host_id)
)
 WITHOUT ROWID;
CREATE INDEX storage_pool_host_host ON storage_pool_host (host_id, pool_id);
CREATE TABLE template (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    unique_name TEXT NOT NULL,
    name TEXT NOT NULL,
    display_text TEXT NOT NULL,
    type TEXT NOT NULL,
    format TEXT NOT NULL,
    hypervisor TEXT NOT NULL,
    os_type_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    domain_id INTEGER NOT NULL,
    zone_id INTEGER,
    url TEXT,
    checksum TEXT,
    size_bytes INTEGER NOT NULL,
    is_public BOOLEAN NOT NULL,
    is_featured BOOLEAN NOT NULL,
    is_extractable BOOLEAN NOT NULL,
    is_bootable BOOLEAN NOT NULL,
    password_enabled BOOLEAN NOT NULL,
    sshkey_enabled BOOLEAN NOT NULL,
    dynamically_scalable BOOLEAN NOT NULL,
    direct_download BOOLEAN NOT NULL,
    requires_hvm BOOLEAN NOT NULL,
    bits INTEGER NOT NULL,
    arch TEXT NOT NULL,
    tag TEXT,
    source_template_id INTEGER,
    details_json TEXT NOT NULL,
    sort_key INTEGER NOT NULL,
    state TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    removed_ms INTEGER,
    cross_zones BOOLEAN NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX template_account ON template (account_id, id) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX template_uuid ON template (uuid);
CREATE TABLE template_permission (
    template_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    PRIMARY KEY (template_id, account_id)
)
 WITHOUT ROWID;
CREATE TABLE template_pool (
    template_id INTEGER NOT NULL,
    pool_id INTEGER NOT NULL,
    install_path TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (template_id, pool_id)
)
 WITHOUT ROWID;
CREATE INDEX template_pool_pool ON template_pool (pool_id, template_id);
CREATE TABLE template_store (
    template_id INTEGER NOT NULL,
    store_id INTEGER NOT NULL,
    zone_id INTEGER NOT NULL,
    state TEXT NOT NULL,
    download_state TEXT NOT NULL,
    percent INTEGER NOT NULL,
    install_path TEXT,
    size_bytes INTEGER NOT NULL,
    physical_size_bytes INTEGER NOT NULL,
    remote_job TEXT,
    error TEXT,
    updated_ms INTEGER NOT NULL,
    host_id INTEGER,
    PRIMARY KEY (template_id, store_id)
)
 WITHOUT ROWID;
CREATE INDEX template_store_store ON template_store (store_id, template_id);
CREATE INDEX template_store_unfinished ON template_store (template_id, store_id) WHERE download_state IN ('NOT_DOWNLOADED', 'DOWNLOAD_IN_PROGRESS');
CREATE TABLE traffic_type (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    physical_network_id INTEGER NOT NULL,
    type TEXT NOT NULL,
    kvm_label TEXT,
    vlan TEXT,
    removed_ms INTEGER,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX traffic_type_once ON traffic_type (physical_network_id, type) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX traffic_type_uuid ON traffic_type (uuid);
CREATE TABLE user_data (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    name TEXT NOT NULL,
    account_id INTEGER NOT NULL,
    domain_id INTEGER NOT NULL,
    user_data TEXT NOT NULL,
    params TEXT,
    created_ms INTEGER NOT NULL,
    removed_ms INTEGER,
    PRIMARY KEY (id)
);
CREATE INDEX user_data_domain ON user_data (domain_id, id) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX user_data_name ON user_data (account_id, name) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX user_data_uuid ON user_data (uuid);
CREATE TABLE users (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    username TEXT NOT NULL,
    password TEXT NOT NULL,
    account_id INTEGER NOT NULL,
    domain_id INTEGER NOT NULL,
    firstname TEXT NOT NULL,
    lastname TEXT NOT NULL,
    email TEXT NOT NULL,
    timezone TEXT,
    state TEXT NOT NULL,
    login_attempts INTEGER NOT NULL,
    source TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    removed_ms INTEGER,
    PRIMARY KEY (id)
);
CREATE INDEX users_account ON users (account_id, id) WHERE removed_ms IS NULL;
CREATE INDEX users_domain ON users (domain_id, id) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX users_name ON users (domain_id, username) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX users_uuid ON users (uuid);
CREATE TABLE virtual_router_element (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    provider_id INTEGER NOT NULL,
    type TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    removed_ms INTEGER,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX virtual_router_element_once ON virtual_router_element (provider_id, type) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX virtual_router_element_uuid ON virtual_router_element (uuid);
CREATE TABLE vlan_range (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    zone_id INTEGER NOT NULL,
    pod_id INTEGER,
    physical_network_id INTEGER NOT NULL,
    network_id INTEGER,
    traffic_type TEXT NOT NULL,
    vlan TEXT NOT NULL,
    gateway TEXT NOT NULL,
    netmask TEXT NOT NULL,
    start_ip TEXT NOT NULL,
    end_ip TEXT NOT NULL,
    account_id INTEGER,
    domain_id INTEGER,
    for_system_vms BOOLEAN NOT NULL,
    created_ms INTEGER NOT NULL,
    removed_ms INTEGER,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX vlan_range_uuid ON vlan_range (uuid);
CREATE TABLE vm (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    name TEXT NOT NULL,
    display_name TEXT,
    instance_name TEXT NOT NULL,
    type TEXT NOT NULL,
    state TEXT NOT NULL,
    account_id INTEGER NOT NULL,
    domain_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    zone_id INTEGER NOT NULL,
    pod_id INTEGER,
    host_id INTEGER,
    last_host_id INTEGER,
    template_id INTEGER NOT NULL,
    iso_id INTEGER,
    os_type_id INTEGER NOT NULL,
    service_offering_id INTEGER NOT NULL,
    network_id INTEGER,
    hypervisor TEXT NOT NULL,
    arch TEXT NOT NULL,
    cpus INTEGER NOT NULL,
    speed_mhz INTEGER NOT NULL,
    memory_mb INTEGER NOT NULL,
    ha_enabled BOOLEAN NOT NULL,
    limit_cpu_use BOOLEAN NOT NULL,
    dynamic_scaling BOOLEAN NOT NULL,
    display_vm BOOLEAN NOT NULL,
    group_id INTEGER,
    user_data TEXT,
    key_pairs TEXT,
    public_keys TEXT,
    password TEXT,
    vnc_password TEXT NOT NULL,
    details_json TEXT NOT NULL,
    extra_json TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    removed_ms INTEGER,
    password_pending BOOLEAN NOT NULL,
    delete_protection BOOLEAN NOT NULL,
    user_data_id INTEGER,
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
    vm_id INTEGER NOT NULL,
    state TEXT NOT NULL,
    host_id INTEGER,
    since_ms INTEGER NOT NULL,
    PRIMARY KEY (vm_id)
);
CREATE INDEX vm_power_missing ON vm_power (since_ms) WHERE state = 'PowerReportMissing';
CREATE TABLE vm_reservation (
    vm_id INTEGER NOT NULL,
    host_id INTEGER NOT NULL,
    cpus INTEGER NOT NULL,
    cpu_mhz INTEGER NOT NULL,
    memory_bytes INTEGER NOT NULL,
    since_ms INTEGER NOT NULL,
    PRIMARY KEY (vm_id)
);
CREATE INDEX vm_reservation_host ON vm_reservation (host_id, vm_id);
CREATE INDEX vm_reservation_since ON vm_reservation (since_ms, vm_id);
CREATE TABLE vm_ruleset (
    vm_id INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    pending BOOLEAN NOT NULL,
    PRIMARY KEY (vm_id)
);
CREATE INDEX vm_ruleset_pending ON vm_ruleset (vm_id) WHERE pending;
CREATE TABLE volume (
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    state TEXT NOT NULL,
    account_id INTEGER NOT NULL,
    domain_id INTEGER NOT NULL,
    zone_id INTEGER NOT NULL,
    pool_id INTEGER,
    last_pool_id INTEGER,
    vm_id INTEGER,
    device_id INTEGER,
    template_id INTEGER,
    disk_offering_id INTEGER,
    size_bytes INTEGER NOT NULL,
    min_iops INTEGER,
    max_iops INTEGER,
    provisioning_type TEXT NOT NULL,
    format TEXT NOT NULL,
    path TEXT,
    chain_info TEXT,
    display_volume BOOLEAN NOT NULL,
    recreatable BOOLEAN NOT NULL,
    attached_ms INTEGER,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    removed_ms INTEGER,
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
    id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    network_type TEXT NOT NULL,
    security_group_enabled BOOLEAN NOT NULL,
    dns1 TEXT NOT NULL,
    dns2 TEXT,
    internal_dns1 TEXT NOT NULL,
    internal_dns2 TEXT,
    ip6_dns1 TEXT,
    ip6_dns2 TEXT,
    network_domain TEXT,
    guest_cidr TEXT,
    domain_id INTEGER,
    allocation_state TEXT NOT NULL,
    local_storage_enabled BOOLEAN NOT NULL,
    is_edge BOOLEAN NOT NULL,
    dhcp_provider TEXT NOT NULL,
    details_json TEXT NOT NULL,
    sort_key INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    removed_ms INTEGER,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX zone_name ON zone (name) WHERE removed_ms IS NULL;
CREATE UNIQUE INDEX zone_uuid ON zone (uuid);
CREATE VIRTUAL TABLE account_search USING fts5(name, tokenize = 'trigram', columnsize = 0);
CREATE TABLE account_search_new (id INTEGER NOT NULL PRIMARY KEY, name TEXT, gone BOOLEAN NOT NULL);
CREATE TRIGGER account_search_added AFTER INSERT ON account WHEN new.removed_ms IS NULL BEGIN INSERT OR REPLACE INTO account_search_new (id, name, gone) VALUES (new.id, LOWER(new.name), 0); END;
CREATE TRIGGER account_search_changed AFTER UPDATE OF name ON account WHEN new.removed_ms IS NULL BEGIN INSERT OR REPLACE INTO account_search_new (id, name, gone) VALUES (new.id, LOWER(new.name), 0); END;
CREATE TRIGGER account_search_removed AFTER UPDATE OF removed_ms ON account WHEN new.removed_ms IS NOT NULL BEGIN INSERT OR REPLACE INTO account_search_new (id, name, gone) VALUES (new.id, NULL, 1); END;
CREATE VIRTUAL TABLE host_search USING fts5(name, tokenize = 'trigram', columnsize = 0);
CREATE TABLE host_search_new (id INTEGER NOT NULL PRIMARY KEY, name TEXT, gone BOOLEAN NOT NULL);
CREATE TRIGGER host_search_added AFTER INSERT ON host WHEN new.removed_ms IS NULL BEGIN INSERT OR REPLACE INTO host_search_new (id, name, gone) VALUES (new.id, LOWER(new.name), 0); END;
CREATE TRIGGER host_search_changed AFTER UPDATE OF name ON host WHEN new.removed_ms IS NULL BEGIN INSERT OR REPLACE INTO host_search_new (id, name, gone) VALUES (new.id, LOWER(new.name), 0); END;
CREATE TRIGGER host_search_removed AFTER UPDATE OF removed_ms ON host WHEN new.removed_ms IS NOT NULL BEGIN INSERT OR REPLACE INTO host_search_new (id, name, gone) VALUES (new.id, NULL, 1); END;
CREATE VIRTUAL TABLE network_search USING fts5(name, tokenize = 'trigram', columnsize = 0);
CREATE TABLE network_search_new (id INTEGER NOT NULL PRIMARY KEY, name TEXT, gone BOOLEAN NOT NULL);
CREATE TRIGGER network_search_added AFTER INSERT ON network WHEN new.removed_ms IS NULL BEGIN INSERT OR REPLACE INTO network_search_new (id, name, gone) VALUES (new.id, LOWER(new.name), 0); END;
CREATE TRIGGER network_search_changed AFTER UPDATE OF name ON network WHEN new.removed_ms IS NULL BEGIN INSERT OR REPLACE INTO network_search_new (id, name, gone) VALUES (new.id, LOWER(new.name), 0); END;
CREATE TRIGGER network_search_removed AFTER UPDATE OF removed_ms ON network WHEN new.removed_ms IS NOT NULL BEGIN INSERT OR REPLACE INTO network_search_new (id, name, gone) VALUES (new.id, NULL, 1); END;
CREATE VIRTUAL TABLE nic_search USING fts5(ip, tokenize = 'trigram', columnsize = 0);
CREATE TABLE nic_search_new (id INTEGER NOT NULL PRIMARY KEY, ip TEXT, gone BOOLEAN NOT NULL);
CREATE TRIGGER nic_search_added AFTER INSERT ON nic WHEN new.removed_ms IS NULL BEGIN INSERT OR REPLACE INTO nic_search_new (id, ip, gone) VALUES (new.id, LOWER(new.ip), 0); END;
CREATE TRIGGER nic_search_changed AFTER UPDATE OF ip ON nic WHEN new.removed_ms IS NULL BEGIN INSERT OR REPLACE INTO nic_search_new (id, ip, gone) VALUES (new.id, LOWER(new.ip), 0); END;
CREATE TRIGGER nic_search_removed AFTER UPDATE OF removed_ms ON nic WHEN new.removed_ms IS NOT NULL BEGIN INSERT OR REPLACE INTO nic_search_new (id, ip, gone) VALUES (new.id, NULL, 1); END;
CREATE VIRTUAL TABLE vm_search USING fts5(name, display_name, instance_name, tokenize = 'trigram', columnsize = 0);
CREATE TABLE vm_search_new (id INTEGER NOT NULL PRIMARY KEY, name TEXT, display_name TEXT, instance_name TEXT, gone BOOLEAN NOT NULL);
CREATE TRIGGER vm_search_added AFTER INSERT ON vm WHEN new.removed_ms IS NULL AND new.type = 'User' BEGIN INSERT OR REPLACE INTO vm_search_new (id, name, display_name, instance_name, gone) VALUES (new.id, LOWER(new.name), LOWER(new.display_name), LOWER(new.instance_name), 0); END;
CREATE TRIGGER vm_search_changed AFTER UPDATE OF name, display_name, instance_name ON vm WHEN new.removed_ms IS NULL AND new.type = 'User' BEGIN INSERT OR REPLACE INTO vm_search_new (id, name, display_name, instance_name, gone) VALUES (new.id, LOWER(new.name), LOWER(new.display_name), LOWER(new.instance_name), 0); END;
CREATE TRIGGER vm_search_removed AFTER UPDATE OF removed_ms ON vm WHEN new.removed_ms IS NOT NULL BEGIN INSERT OR REPLACE INTO vm_search_new (id, name, display_name, instance_name, gone) VALUES (new.id, NULL, NULL, NULL, 1); END;
CREATE VIRTUAL TABLE volume_search USING fts5(name, tokenize = 'trigram', columnsize = 0);
CREATE TABLE volume_search_new (id INTEGER NOT NULL PRIMARY KEY, name TEXT, gone BOOLEAN NOT NULL);
CREATE TRIGGER volume_search_added AFTER INSERT ON volume WHEN new.removed_ms IS NULL BEGIN INSERT OR REPLACE INTO volume_search_new (id, name, gone) VALUES (new.id, LOWER(new.name), 0); END;
CREATE TRIGGER volume_search_changed AFTER UPDATE OF name ON volume WHEN new.removed_ms IS NULL BEGIN INSERT OR REPLACE INTO volume_search_new (id, name, gone) VALUES (new.id, LOWER(new.name), 0); END;
CREATE TRIGGER volume_search_removed AFTER UPDATE OF removed_ms ON volume WHEN new.removed_ms IS NOT NULL BEGIN INSERT OR REPLACE INTO volume_search_new (id, name, gone) VALUES (new.id, NULL, 1); END;
