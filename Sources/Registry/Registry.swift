import Yams
import ServiceLifecycle
import Logging
import Metrics
