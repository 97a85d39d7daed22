//! The abilities of each kind of asset, one file per kind.

#[cfg(feature = "ai-node-settings")]
mod ai_node_settings;
#[cfg(feature = "categories")]
mod categories;
#[cfg(feature = "conditions")]
mod conditions;
#[cfg(feature = "funnel-groups")]
mod funnel_groups;
#[cfg(feature = "funnels")]
mod funnels;
#[cfg(feature = "logic-scripts")]
mod logic_scripts;
#[cfg(feature = "middleware-configs")]
mod middleware_configs;
mod offer_sources;
#[cfg(feature = "page-groups")]
mod page_groups;
#[cfg(feature = "pages")]
mod pages;
#[cfg(feature = "traffic-sources")]
mod traffic_sources;
#[cfg(feature = "visitor-tags")]
mod visitor_tags;
#[cfg(feature = "webhook-configs")]
mod webhook_configs;

#[cfg(feature = "ai-node-settings")]
pub use ai_node_settings::SettingsOfAiNodes;
#[cfg(feature = "categories")]
pub use categories::Categories;
#[cfg(feature = "conditions")]
pub use conditions::Conditions;
#[cfg(feature = "funnel-groups")]
pub use funnel_groups::FunnelGroups;
#[cfg(feature = "funnels")]
pub use funnels::Funnels;
#[cfg(feature = "logic-scripts")]
pub use logic_scripts::LogicScripts;
#[cfg(feature = "middleware-configs")]
pub use middleware_configs::MiddlewareConfigs;
pub use offer_sources::OfferSources;
#[cfg(feature = "page-groups")]
pub use page_groups::PageGroups;
#[cfg(feature = "pages")]
pub use pages::Pages;
#[cfg(feature = "traffic-sources")]
pub use traffic_sources::TrafficSources;
#[cfg(feature = "visitor-tags")]
pub use visitor_tags::VisitorTags;
#[cfg(feature = "webhook-configs")]
pub use webhook_configs::WebhookConfigs;
